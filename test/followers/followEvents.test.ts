// What a reader is given at once: as many records as their size allows.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEventFeed } from '../../src/followers/eventFeed.ts'
import { followEvents } from '../../src/followers/followEvents.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { currentPosition } from '../../src/ledger/events.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterAll(() => ledger.close())

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** The sizes of the pages in which `count` records behind a position are read. */
async function pagesOf(count: number, behind = BEGINNING): Promise<number[]> {
  await passedHorizon(ledger)
  const sizes: number[] = []
  const read: Ledger['rows']['read'] = async (...question) => {
    const rows = await ledger.rows.read(...question)
    sizes.push(rows.length)
    return rows as never
  }
  const counted: Ledger = { ...ledger, rows: { ...ledger.rows, read } }
  const limits = { maxSubscriptions: 1, maxSubscriptionsPerCaller: 1 }
  const feed = createEventFeed({ ledger: counted, pollMs: 10, maxStatements: 1, log, ...limits })
  const stop = new AbortController()
  const options = { ledger: counted, feed, caller: 'tester', behind, filter: {}, signal: stop.signal, log }
  let taken = 0
  for await (const _ of followEvents(options)) {
    taken += 1
    if (taken === count) break
  }
  stop.abort()
  return sizes
}

it('reads pages that grow while the records are small', async () => {
  for (let n = 0; n < 110; n++) await newJob(ledger)
  const sizes = await pagesOf(110)
  expect(sizes.slice(0, 4)).toEqual([4, 8, 16, 32])
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
})

it('reads pages of few records where they are large', async () => {
  await passedHorizon(ledger)
  const behind = await currentPosition(ledger)
  for (let n = 0; n < 10; n++) {
    const { id } = await newJob(ledger)
    const change = {
      state: 'CANCELLED' as const,
      version: 2,
      stateActor: 'tester',
      stateMetadata: { x: 'x'.repeat(200_000) },
    }
    await ledger.prisma.job.update({ where: { id }, data: change })
  }
  const sizes = await pagesOf(20, behind)
  expect(sizes[0]).toBeLessThanOrEqual(4)
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(2)
})
