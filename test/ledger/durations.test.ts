// Histograms of durations. The database and the program must agree on the buckets.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DurationHistogram, durationOf, RELATIVE_ERROR } from '../../src/ledger/durations.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(() => ledger.close())

async function bucketsOf(durations: readonly number[]): Promise<number[]> {
  const { rows } = await session.query<{ bucket: number }>(
    'SELECT jobledger.duration_bucket(ms) AS bucket FROM unnest($1::bigint[]) WITH ORDINALITY AS one (ms, n) ORDER BY n',
    [durations],
  )
  return rows.map(({ bucket }) => bucket)
}

describe('a bucket', () => {
  it('represents its durations within the relative error', async () => {
    const durations = [
      ...Array.from({ length: 3000 }, (_, index) => index),
      ...Array.from({ length: 3000 }, (_, index) => Math.floor(1.0072 ** index)),
    ].filter((ms) => ms <= 2_147_483_647)
    const buckets = await bucketsOf(durations)
    for (const [index, ms] of durations.entries()) {
      // The result is rounded to milliseconds.
      expect(Math.abs(durationOf(buckets[index] as number) - ms)).toBeLessThanOrEqual(ms * RELATIVE_ERROR + 0.5)
    }
  })

  it('represents durations beyond the range of an Int by the maximum', async () => {
    expect((await bucketsOf([10 ** 15])).map(durationOf)).toEqual([2_147_483_647])
  })
})

describe('a quantile', () => {
  it('is within the relative error, in however many parts the durations are added', async () => {
    const all = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(all, fc.constantFrom(0.5, 0.95, 1), async (durations, q) => {
        const buckets = await bucketsOf(durations)
        const histogram = new DurationHistogram()
        const half = Math.floor(buckets.length / 2)
        for (const part of [buckets.slice(0, half), buckets.slice(half)])
          histogram.add(part.join(' '), part.map(() => 1).join(' '))
        const exact = durations.toSorted((a, b) => a - b)[Math.ceil(q * durations.length) - 1] as number
        expect(Math.abs((histogram.quantile(q) as number) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR + 0.5)
      }),
      { numRuns: 50 },
    )
  })

  it('is null for an empty histogram', () => {
    expect(new DurationHistogram().quantile(0.5)).toBe(null)
  })
})
