// Keyset paging: the cursor codec and the conditions that continue a list after or before a cursor. Page 100,000 costs what page 1
// costs, because each condition is a range of the index that the list is ordered by.
// A cursor holds the values that its row was sorted by, so it stays valid when the row changes or goes away.

import { Prisma } from './generated/client.ts'
import { and } from './rows/conditions.ts'
import { UUID } from './uuid.ts'

export type Direction = 'asc' | 'desc'

type KeyValue = string | number | bigint | Date | null
type Row = Record<string, unknown>

/** How a list is ordered. The last field is unique; the field before it, if any, may be null, and such rows come last in either direction. */
export interface KeysetOrder {
  /** Names the order in its cursors: a cursor of one order is refused by all others. */
  readonly name: string
  readonly direction: Direction
  readonly key: readonly KeyField[]
  /** Where the first field may be null: all rows of the list have a value there, or none has. By default there may be both. */
  readonly only?: 'valued' | 'valueless' | undefined
}

export interface KeyField {
  readonly field: string
  /** The same in SQL, with the name of its table. */
  readonly column: string
  readonly kind: 'uuid' | 'bigint' | 'int' | 'date'
  readonly nullable?: boolean
}

/** The cursor is not one of ours, or of another order, or damaged. */
export class InvalidCursorError extends Error {}

const CODEC_VERSION = 1

/** The values that a row is sorted by. */
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
    throw new InvalidCursorError('is not a cursor of this service', { cause: error })
  }
  if (!Array.isArray(parts) || parts[0] !== CODEC_VERSION)
    throw new InvalidCursorError('is not a cursor of this service')
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

/** One run over an index: the rows that satisfy `where`, in the order `orderBy`. */
export interface Segment {
  where: Prisma.Sql
  orderBy: Prisma.Sql
  /** It is read from the first row of the list on. */
  isBeginning: boolean
}

export interface Bounds {
  after?: KeyValue[] | undefined
  before?: KeyValue[] | undefined
}

interface Reading {
  /** From the end of the list to its beginning. */
  reversed?: boolean
  /** The row at a bound is between the bounds too. */
  inclusive?: boolean
}

/**
 * The runs that together give the rows between the bounds, in the order of the list. There are two where the first field may be
 * null: the rows that have a value, then those that have none.
 */
export function segmentsBetween(order: KeysetOrder, { after, before }: Bounds, reading: Reading = {}): Segment[] {
  const { reversed = false, inclusive = false } = reading
  const forward = order.direction === 'asc'
  const direction: Direction = forward === reversed ? 'desc' : 'asc'
  const segments: Segment[] = []
  const segment = (key: readonly KeyField[], conditions: string[], from?: KeyValue[], to?: KeyValue[]): Segment => ({
    where: and([
      ...conditions.map((condition) => Prisma.raw(condition)),
      ...beyond(key, forward, from, inclusive),
      ...beyond(key, !forward, to, inclusive),
    ]),
    orderBy: Prisma.raw(key.map(({ column }) => `${column} ${direction}`).join(', ')),
    isBeginning: !reversed && !after && segments.length === 0,
  })
  const [first, unique] = order.key
  if (!first?.nullable || !unique) return [segment(order.key, [], after, before)]
  // A bound without a value lies among the rows without one, which come last: those with a value all precede it.
  const valued = (bound: KeyValue[] | undefined) => (bound && bound[0] !== null ? bound : undefined)
  const valueless = (bound: KeyValue[] | undefined) => (bound && bound[0] === null ? bound.slice(1) : undefined)
  if (!valueless(after) && order.only !== 'valueless')
    segments.push(segment(order.key, [`${first.column} IS NOT NULL`], after, valued(before)))
  if (!valued(before) && order.only !== 'valued') {
    segments.push(segment([unique], [`${first.column} IS NULL`], valueless(after), valueless(before)))
  }
  return reversed ? segments.reverse() : segments
}

const CASTS = { uuid: '::uuid', bigint: '::bigint', int: '::int', date: '::timestamptz' }

// (value, id) greater or less than (v, i). PostgreSQL reads an index from there on if it has the columns of the row in this order.
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
