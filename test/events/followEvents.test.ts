// The size of backlog pages depends on the size of records.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { JobStateRecord } from '../../src/database/generated/client.ts'
import { createEventFeed } from '../../src/events/eventFeed.ts'
import { followEvents } from '../../src/events/followEvents.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { headPosition } from '../../src/ledger/events.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterAll(() => ledger.close())

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

const LARGE = 200_000

/** Creates two records: a small one and a large one. */
async function newLargeRecord(): Promise<void> {
  const { id } = await newJob(ledger)
  const stateMetadata = { x: 'x'.repeat(LARGE) }
  const change = { state: 'CANCELLED' as const, version: 2, stateActor: 'tester', stateMetadata }
  await ledger.prisma.job.update({ where: { id }, data: change })
}

/** The sizes of the pages in which `count` records after a position are read. */
async function pagesOf(count: number, after = BEGINNING, pages: JobStateRecord[][] = []): Promise<number[]> {
  await passedHorizon(ledger)
  const read: Ledger['sql']['read'] = async (...question) => {
    const rows = await ledger.sql.read(...question)
    pages.push(rows as JobStateRecord[])
    return rows as never
  }
  const counted: Ledger = { ...ledger, sql: { ...ledger.sql, read } }
  const limits = { maxSubscriptions: 1, maxSubscriptionsPerCaller: 1 }
  const feed = createEventFeed({
    ledger: counted,
    pollMs: 10,
    maxStatements: 1,
    maxRowBytes: 1_000_000,
    log,
    ...limits,
  })
  const stop = new AbortController()
  const start = { subscription: await feed.subscribe({}), after, isAtHead: false }
  const options = { ledger: counted, feed, caller: 'tester', start, filter: {}, signal: stop.signal, log }
  let taken = 0
  for await (const _ of followEvents(options)) {
    taken += 1
    if (taken === count) break
  }
  stop.abort()
  return pages.map(({ length }) => length)
}

it('reads pages that grow while the records are small', async () => {
  for (let n = 0; n < 110; n++) await newJob(ledger)
  const sizes = await pagesOf(110)
  expect(sizes.slice(0, 4)).toEqual([4, 8, 16, 32])
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
})

it('reads pages of few records while the records are large', async () => {
  await passedHorizon(ledger)
  const after = await headPosition(ledger)
  for (let n = 0; n < 10; n++) await newLargeRecord()
  const sizes = await pagesOf(20, after)
  expect(sizes[0]).toBeLessThanOrEqual(4)
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(2)
})

it('cancels a page whose records are larger than those before, and reads fewer at once', async () => {
  await passedHorizon(ledger)
  const after = await headPosition(ledger)
  for (let n = 0; n < 60; n++) await newJob(ledger)
  for (let n = 0; n < 20; n++) await newLargeRecord()
  const sizes = await pagesOf(100, after)
  const large = sizes.indexOf(Math.max(...sizes)) + 1
  // The page after the largest records was read again; the following pages have one or two records.
  expect(Math.max(...sizes.slice(large + 1))).toBeLessThanOrEqual(12)
  expect(sizes.at(-1)).toBeLessThanOrEqual(2)
})
