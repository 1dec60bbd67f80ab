// What a reader is given at once: as many records as their size allows.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEventFeed } from '../../src/followers/eventFeed.ts'
import { followEvents } from '../../src/followers/followEvents.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { currentPosition } from '../../src/ledger/events.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterAll(() => ledger.close())

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** The sizes of the pages in which `count` records behind a position come. */
async function pagesOf(count: number, behind = BEGINNING): Promise<number[]> {
  await passedHorizon(ledger)
  const feed = createEventFeed({ ledger, pollMs: 10, mostWatches: 1, mostReaders: 1, log })
  const stop = new AbortController()
  const sizes: number[] = []
  for await (const page of followEvents({ ledger, feed, behind, filter: {}, signal: stop.signal, log })) {
    sizes.push(page.length)
    if (sizes.reduce((sum, size) => sum + size, 0) >= count) break
  }
  stop.abort()
  return sizes
}

it('comes in pages that grow while the records are small', async () => {
  for (let n = 0; n < 110; n++) await newJob(ledger)
  const sizes = await pagesOf(110)
  expect(sizes.slice(0, 4)).toEqual([4, 8, 16, 32])
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
})

it('comes in pages of few where they are large', async () => {
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
