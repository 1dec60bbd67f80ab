// The cursor codec and the conditions of keyset paging, without a database.
// test/ledger/paging*.test.ts reads pages with them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Bounds,
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  type KeysetOrder,
  type KeysetRange,
  rangesBetween,
} from '../../src/database/keyset.ts'

const BY_ID: KeysetOrder = { name: 'byId', direction: 'desc', key: [{ field: 'id', column: 't.id', kind: 'uuid' }] }
const BY_TIME: KeysetOrder = {
  name: 'byTime',
  direction: 'asc',
  key: [
    { field: 'time', column: 't.time', kind: 'date' },
    { field: 'id', column: 't.id', kind: 'bigint' },
  ],
}
const BY_END: KeysetOrder = {
  name: 'byEnd',
  direction: 'desc',
  key: [
    { field: 'end', column: 't.end', kind: 'date', nullable: true },
    { field: 'id', column: 't.id', kind: 'uuid' },
  ],
}
const BY_NUMBER: KeysetOrder = {
  name: 'byNumber',
  direction: 'asc',
  key: [{ field: 'number', column: 't.number', kind: 'int' }],
}
const ID = '0199ed7c-6b2a-7a7b-8a4c-1de3aab2c1f3'
const TIME = new Date('2026-01-02T03:04:05.678Z')

describe('a cursor', () => {
  it('returns exactly the values of its row', () => {
    const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(
        dates,
        fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
        fc.integer(),
        fc.uuid(),
        (time, id, number, uuid) => {
          expect(decodeCursor(BY_TIME, encodeCursor(BY_TIME, { id, time, other: 1 }))).toEqual([time, id])
          expect(decodeCursor(BY_NUMBER, encodeCursor(BY_NUMBER, { number }))).toEqual([number])
          expect(decodeCursor(BY_END, encodeCursor(BY_END, { id: uuid, end: time }))).toEqual([time, uuid])
          expect(decodeCursor(BY_END, encodeCursor(BY_END, { id: uuid, end: null }))).toEqual([null, uuid])
        },
      ),
    )
  })

  it.each([-(2 ** 31), 0, 2 ** 31 - 1])('holds %d, which is an Int', (number) => {
    expect(decodeCursor(BY_NUMBER, encodeCursor(BY_NUMBER, { number }))).toEqual([number])
  })

  it('is safe in a URL', () => {
    expect(encodeCursor(BY_ID, { id: ID })).toMatch(/^[\w-]+$/)
  })

  it.each([
    [
      'another order',
      encodeCursor(BY_END, { end: null, id: ID }),
      'belongs to the order byEnd desc; this list is ordered by byId desc',
    ],
    [
      'the other direction',
      encodeCursor({ ...BY_ID, direction: 'asc' }, { id: ID }),
      'belongs to the order byId asc; this list is ordered by byId desc',
    ],
    ['nobody', 'c29tZXRoaW5n', 'is not a cursor'],
    ['a later version of us', Buffer.from(`[2,"byId","desc","${ID}"]`).toString('base64url'), 'is not a cursor'],
    ['ours with a bad value', Buffer.from('[1,"byId","desc",1]').toString('base64url'), 'is damaged'],
  ])('of %s is refused', (_, cursor, message) => {
    expect(() => decodeCursor(BY_ID, cursor)).toThrow(new InvalidCursorError(message))
  })
})

describe('the ranges between bounds', () => {
  it('are the whole list, in its order or the reverse, without bounds', () => {
    expect(textOf(rangesBetween(BY_ID, {}))).toEqual(['true | t.id desc'])
    expect(textOf(rangesBetween(BY_ID, {}, { reversed: true }))).toEqual(['true | t.id asc'])
  })

  it('exclude the rows at the bounds, or include them on request', () => {
    expect(textOf(rangesBetween(BY_ID, { after: [ID] }))).toEqual(['(t.id) < ($1::uuid) | t.id desc'])
    expect(textOf(rangesBetween(BY_ID, { before: [ID] }))).toEqual(['(t.id) > ($1::uuid) | t.id desc'])
    const inclusive = rangesBetween(BY_ID, { after: [ID] }, { inclusive: true })
    expect(textOf(inclusive)).toEqual(['(t.id) <= ($1::uuid) | t.id desc'])
    expect(inclusive[0]?.where.values).toEqual([ID])
  })

  it('are bounded by all fields of the key together, so that the index is read from there', () => {
    const ranges = rangesBetween(BY_TIME, { after: [TIME, 7n], before: [TIME, 9n] })
    const bounds = '(t.time, t.id) > ($1::timestamptz,$2::bigint) AND (t.time, t.id) < ($3::timestamptz,$4::bigint)'
    expect(textOf(ranges)).toEqual([`${bounds} | t.time asc, t.id asc`])
    expect(ranges[0]?.where.values).toEqual([TIME, 7n, TIME, 9n])
  })

  it('of a nullable field are two: rows with a value, then rows without, in either direction', () => {
    for (const direction of ['asc', 'desc'] as const) {
      expect(textOf(rangesBetween({ ...BY_END, direction }, {}))).toEqual([
        `t.end IS NOT NULL | t.end ${direction}, t.id ${direction}`,
        `t.end IS NULL | t.id ${direction}`,
      ])
    }
    expect(textOf(rangesBetween(BY_END, {}, { reversed: true }))).toEqual([
      't.end IS NULL | t.id asc',
      't.end IS NOT NULL | t.end asc, t.id asc',
    ])
  })

  it('are one if all rows of the list have a value, or none has', () => {
    expect(textOf(rangesBetween({ ...BY_END, only: 'valued' }, {}))).toEqual([
      't.end IS NOT NULL | t.end desc, t.id desc',
    ])
    expect(textOf(rangesBetween({ ...BY_END, only: 'valueless' }, { after: [TIME, ID] }))).toEqual([
      't.end IS NULL | t.id desc',
    ])
    expect(rangesBetween({ ...BY_END, only: 'valued' }, { after: [null, ID] })).toEqual([])
  })

  it('mark the one that starts at the first row', () => {
    const beginnings = (...[bounds, reading]: [Bounds, { reversed?: boolean }?]) =>
      rangesBetween(BY_END, bounds, reading).map(({ isBeginning }) => isBeginning)
    expect(beginnings({})).toEqual([true, false])
    expect(beginnings({ before: [null, ID] })).toEqual([true, false])
    expect(beginnings({ after: [TIME, ID] })).toEqual([false, false])
    expect(beginnings({}, { reversed: true })).toEqual([false, false])
  })

  it('leave out the part that a bound excludes', () => {
    expect(textOf(rangesBetween(BY_END, { after: [null, ID] }))).toEqual([
      't.end IS NULL AND (t.id) < ($1::uuid) | t.id desc',
    ])
    expect(rangesBetween(BY_END, { before: [TIME, ID] })).toHaveLength(1)
    expect(rangesBetween(BY_END, { after: [TIME, ID] })).toHaveLength(2)
    expect(rangesBetween(BY_END, { before: [null, ID] })).toHaveLength(2)
  })
})

function textOf(ranges: KeysetRange[]): string[] {
  return ranges.map(({ where, orderBy }) => `${where.text} | ${orderBy.text}`)
}
