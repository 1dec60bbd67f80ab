// The filter on metadata matches like PostgreSQL's jsonb @>, for any JSON, including keys that are
// special in Prisma or JavaScript.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJobs } from '../../src/ledger/createJob.ts'
import type { JsonObject } from '../../src/ledger/inputCheck.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { ACTOR, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(() => ledger.close())

// Few keys and values, so that containment is often true.
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, -0.5, 1e-7, '', 'a', '1', 'é\u2028"\\'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '', '$type', 'value', 'equals', 'constructor'), tie('value'), {
      maxKeys: 3,
    }),
  ),
}))
const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', '$type', 'path', 'not'), value, {
  maxKeys: 3,
}) as fc.Arbitrary<JsonObject>

/**
 * A part of an object: some of its keys, some elements of its arrays, and sometimes a different
 * value.
 */
function partOf(whole: unknown, choose: () => boolean): unknown {
  if (Array.isArray(whole)) return whole.filter(choose).map((item) => partOf(item, choose))
  if (typeof whole !== 'object' || whole === null) return whole
  return Object.fromEntries(
    Object.entries(whole).flatMap(([key, item]) => (choose() ? [[key, partOf(item, choose)]] : [])),
  )
}

const entriesOf = (object: unknown) => Object.entries(object as object).sort(([a], [b]) => (a < b ? -1 : 1))

describe('the filter on metadata', () => {
  it('matches what jsonb @> matches', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { minLength: 1, maxLength: 8 }),
        object,
        fc.infiniteStream(fc.boolean()),
        async (stored, other, coins) => {
          run += 1
          const userId = `user ${run}`
          await createJobs(
            ledger,
            stored.map((metadata) => ({ userId, content: 'c', metadata })),
            ACTOR,
          )
          const choose = () => coins.next().value as boolean
          for (const metadata of [partOf(stored[0], choose) as JsonObject, other]) {
            const { rows } = await session.query<{ id: string }>(
              'SELECT id FROM jobs WHERE user_id = $1 AND metadata @> $2::jsonb ORDER BY id DESC',
              [userId, JSON.stringify(metadata)],
            )
            const page = await listJobs(ledger, { filter: { userId, metadata } })
            expect(page.rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it.each<[string, string]>([
    ['the key "__proto__"', '{"__proto__": {"a": 1}}'],
    ['keys of Object', '{"constructor": {"prototype": 1}, "toString": "x", "hasOwnProperty": false}'],
    ['the markers of Prisma', '{"a": {"$type": "DateTime", "value": "2026-01-01T00:00:00.000Z"}}'],
    ["Prisma's mark for JSON", '{"$type": "Json", "value": "{}"}'],
    ["Prisma's mark for parameters", '{"prisma__type": "param", "prisma__value": {"name": "query1"}}'],
    ['the key "toJSON"', '{"toJSON": "x"}'],
    ['an empty key', '{"": {"": [""]}}'],
  ])('distinguishes jobs that contain %s from others', async (name, json) => {
    const metadata = JSON.parse(json) as JsonObject
    const userId = `holder of ${name}`
    const holder = await newJob(ledger, { userId, metadata })
    await newJob(ledger, { userId, metadata: { other: true } })
    const { rows } = await session.query('SELECT metadata = $1::jsonb AS same FROM jobs WHERE id = $2', [
      json,
      holder.id,
    ])
    expect(rows).toEqual([{ same: true }])
    // Compares entries, because a key "__proto__" is otherwise not compared as a key.
    expect(entriesOf(holder.metadata)).toEqual(entriesOf(metadata))
    const page = await listJobs(ledger, { filter: { userId, metadata } })
    expect(page.rows.map(({ id }) => id)).toEqual([holder.id])
  })
})
