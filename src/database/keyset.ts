// Keyset paging: the cursor codec, and the conditions that continue a list after or before a
// cursor. Page 100,000 costs as much as page 1, because each condition is a range of the index that
// orders the list.
// A cursor holds the sort values of its row, so it stays valid when the row changes or is deleted.

import { Prisma } from './generated/client.ts'
import { and } from './rows/conditions.ts'
import { UUID } from './uuid.ts'

export type Direction = 'asc' | 'desc'

type KeyValue = string | number | bigint | Date | null
type Row = Record<string, unknown>

/**
 * The order of a list. The last field is unique. The field before it, if any, may be null. Rows
 * with null come last in both directions.
 */
export interface KeysetOrder {
  /** Identifies the order in its cursors. Cursors of another order are refused. */
  readonly name: string
  readonly direction: Direction
  readonly key: readonly KeyField[]
  /**
   * For a nullable first field: whether all rows of the list have a value, or none has. By default
   * both occur.
   */
  readonly only?: 'valued' | 'valueless' | undefined
}

export interface KeyField {
  readonly field: string
  /** The same order in SQL, with the name of its table. */
  readonly column: string
  readonly kind: 'uuid' | 'bigint' | 'int' | 'date'
  readonly nullable?: boolean
}

/** The cursor is damaged, or belongs to another order. */
export class InvalidCursorError extends Error {}

const CODEC_VERSION = 1

/** The sort values of a row. */
export function keyValues(order: KeysetOrder, row: Row): KeyValue[] {
  return order.key.map(({ field }) => row[field] as KeyValue)
}

/** The cursor of a row: opaque to clients, base64url. */
export function encodeCursor(order: KeysetOrder, row: Row): string {
  const values = keyValues(order, row).map((value) => {
    if (value instanceof Date) return value.getTime()
    return typeof value === 'bigint' ? value.toString() : value
  })
  return Buffer.from(JSON.stringify([CODEC_VERSION, order.name, order.direction, ...values])).toString('base64url')
}

/** @throws InvalidCursorError */
export function decodeCursor(order: KeysetOrder, cursor: string): KeyValue[] {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch (error) {
    throw new InvalidCursorError('is not a cursor', { cause: error })
  }
  if (!Array.isArray(parts) || parts[0] !== CODEC_VERSION) throw new InvalidCursorError('is not a cursor')
  const [, name, direction, ...values] = parts
  if (name !== order.name || direction !== order.direction) {
    throw new InvalidCursorError(
      `belongs to the order ${name} ${direction}; this list is ordered by ${order.name} ${order.direction}`,
    )
  }
  if (values.length !== order.key.length) throw new InvalidCursorError('is damaged')
  return order.key.map((field, index) => decodeValue(field, values[index]))
}

function decodeValue({ kind, nullable }: KeyField, value: unknown): KeyValue {
  if (value === null && nullable) return null
  if (kind === 'uuid' && typeof value === 'string' && UUID.test(value) && value === value.toLowerCase()) return value
  if (kind === 'int' && Number.isInteger(value) && value === ((value as number) | 0)) return value as number
  if (kind === 'date' && Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 48)
    return new Date(value as number)
  if (kind === 'bigint' && typeof value === 'string' && /^\d{1,18}$/.test(value)) return BigInt(value)
  throw new InvalidCursorError('is damaged')
}

/** A range of an index: the rows that satisfy `where`, ordered by `orderBy`. */
export interface KeysetRange {
  where: Prisma.Sql
  orderBy: Prisma.Sql
  /** True if the range starts at the first row of the list. */
  isBeginning: boolean
}

export interface Bounds {
  after?: KeyValue[] | undefined
  before?: KeyValue[] | undefined
}

interface Reading {
  /** Reads the list backwards. */
  reversed?: boolean
  /** Includes the row at a bound. */
  inclusive?: boolean
}

/**
 * The ranges that together contain the rows between the bounds, in the order of the list. There are
 * two if the first field is nullable: the rows with a value, then those without one.
 */
export function rangesBetween(order: KeysetOrder, { after, before }: Bounds, reading: Reading = {}): KeysetRange[] {
  const { reversed = false, inclusive = false } = reading
  const forward = order.direction === 'asc'
  const direction: Direction = forward === reversed ? 'desc' : 'asc'
  const ranges: KeysetRange[] = []
  const range = (key: readonly KeyField[], conditions: string[], from?: KeyValue[], to?: KeyValue[]): KeysetRange => ({
    where: and([
      ...conditions.map((condition) => Prisma.raw(condition)),
      ...beyond(key, forward, from, inclusive),
      ...beyond(key, !forward, to, inclusive),
    ]),
    orderBy: Prisma.raw(key.map(({ column }) => `${column} ${direction}`).join(', ')),
    isBeginning: !reversed && !after && ranges.length === 0,
  })
  const [first, unique] = order.key
  if (!first?.nullable || !unique) return [range(order.key, [], after, before)]
  // A bound without a value lies among the rows without one, which come last. All rows with a value
  // precede it.
  const valued = (bound: KeyValue[] | undefined) => (bound && bound[0] !== null ? bound : undefined)
  const valueless = (bound: KeyValue[] | undefined) => (bound && bound[0] === null ? bound.slice(1) : undefined)
  if (!valueless(after) && order.only !== 'valueless')
    ranges.push(range(order.key, [`${first.column} IS NOT NULL`], after, valued(before)))
  if (!valued(before) && order.only !== 'valued') {
    ranges.push(range([unique], [`${first.column} IS NULL`], valueless(after), valueless(before)))
  }
  return reversed ? ranges.reverse() : ranges
}

const CASTS = { uuid: '::uuid', bigint: '::bigint', int: '::int', date: '::timestamptz' }

// (value, id) greater or less than (v, i). PostgreSQL starts reading an index there if its columns
// are in the order of the row.
function beyond(
  key: readonly KeyField[],
  greater: boolean,
  bound: KeyValue[] | undefined,
  inclusive: boolean,
): Prisma.Sql[] {
  if (!bound) return []
  const operator = Prisma.raw(`${greater ? '>' : '<'}${inclusive ? '=' : ''}`)
  const columns = Prisma.raw(key.map(({ column }) => column).join(', '))
  const values = key.map(({ kind }, index) => Prisma.sql`${bound[index]}${Prisma.raw(CASTS[kind])}`)
  return [Prisma.sql`(${columns}) ${operator} (${Prisma.join(values)})`]
}
