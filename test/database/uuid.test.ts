// Ids as positions in time: the ids that the database generates, and the times that it reads from
// them.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minUuidAt } from '../../src/database/uuid.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(() => ledger.close())

async function timeIn(id: string): Promise<Date | null> {
  const { rows } = await session.query<{ time: Date | null }>('SELECT jobledger.uuid_time($1) AS time', [id])
  return (rows[0] as { time: Date | null }).time
}

describe('jobledger.uuid_v7', () => {
  it('generates unique ids of version 7 and the variant of RFC 9562', async () => {
    const { rows } = await session.query<{ id: string }>(
      'SELECT jobledger.uuid_v7() AS id FROM generate_series(1, 10000)',
    )
    for (const { id } of rows)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(10_000)
  })

  it('generates them in order: their first 60 bits never fall within a session, and rise every microsecond', async () => {
    const { rows } = await session.query<{ id: string }>(
      'SELECT jobledger.uuid_v7() AS id FROM generate_series(1, 5000)',
    )
    const positions = rows.map(({ id }) => id.slice(0, 18))
    expect(positions).toEqual(positions.toSorted())
    // Within one microsecond, only random bits differ. That is rare.
    const ids = rows.map(({ id }) => id)
    const falling = ids.filter((id, index) => index > 0 && id < (ids[index - 1] as string))
    expect(falling.length).toBeLessThan(ids.length / 10)
  })

  it('includes the time of the clock, to the microsecond', async () => {
    const { rows } = await session.query<{ right: boolean }>(`
      SELECT bool_and(instant BETWEEN extract(epoch FROM before) * 1000000 - 1 AND extract(epoch FROM after) * 1000000) AS right
      FROM (SELECT before, clock_timestamp() AS after,
          extract(epoch FROM jobledger.uuid_time(id)) * 1000000 + ('x' || substr(id::text, 16, 3))::bit(12)::int * 1000 / 4096 AS instant
        FROM (SELECT clock_timestamp() AS before, jobledger.uuid_v7() AS id FROM generate_series(1, 1000) OFFSET 0) AS made OFFSET 0) AS read`)
    expect(rows).toEqual([{ right: true }])
  })

  it('spreads the fraction of the millisecond over its 12 bits', async () => {
    const { rows } = await session.query<{ id: string }>(
      'SELECT jobledger.uuid_v7() AS id FROM generate_series(1, 5000)',
    )
    const fractions = rows.map(({ id }) => Number.parseInt(id.slice(15, 18), 16))
    expect(Math.max(...fractions)).toBeGreaterThan(3900)
    expect(Math.min(...fractions)).toBeLessThan(200)
  })
})

describe('jobledger.uuid_time', () => {
  it.each([
    '1970-01-01T00:00:00.000Z',
    '2001-09-09T01:46:40.001Z',
    '2026-11-23T19:00:00.999Z',
    '2999-12-31T23:59:59.999Z',
  ])('reads %s from the least id of that instant', async (instant) => {
    expect(await timeIn(minUuidAt(new Date(instant)))).toEqual(new Date(instant))
  })

  it.each([
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['the greatest UUID', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ['version 4', '0199ed7c-6b2a-4a7b-8a4c-1de3aab2c1f3'],
    ['another variant', '0199ed7c-6b2a-7a7b-ca4c-1de3aab2c1f3'],
  ])('reads nothing from %s', async (_, id) => {
    expect(await timeIn(id)).toBeNull()
  })
})

describe('minUuidAt', () => {
  it('is below every id of its millisecond and above every id before it', () => {
    const instant = new Date('2026-11-23T19:00:00.123Z')
    const least = minUuidAt(instant)
    const prefix = least.slice(0, 14)
    expect(`${prefix}7000-8000-000000000001`.replace('-77000', '-7000') > least).toBe(true)
    expect(
      minUuidAt(new Date(instant.getTime() - 1)).replace('-7000-8000-000000000000', '-7fff-bfff-ffffffffffff') < least,
    ).toBe(true)
  })

  it('stays within the range of an id: not before 1970, not beyond 48 bits', () => {
    expect(minUuidAt(new Date('1900-01-01'))).toBe('00000000-0000-7000-8000-000000000000')
    expect(minUuidAt(new Date(8.64e15))).toBe('ffffffff-ffff-7000-8000-000000000000')
  })
})
