// Pages of any list of the ledger: checks what is asked for, reads one page by key, and tells exactly what lies around it.

import type { Prisma } from '../database/generated/client.ts'
import {
  type Bounds,
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  type KeysetOrder,
  keyValues,
  type Segment,
  segmentsBetween,
} from '../database/keyset.ts'
import { and } from '../database/rows/conditions.ts'
import type { Select } from '../database/rows/selectList.ts'
import type { Table } from '../database/rows/tables.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'

/** The arguments of a Relay connection. */
export interface PageRequest {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

export interface Page<Row> {
  rows: Row[]
  /** The cursor of one of the rows. */
  cursorOf(row: Row): string
  /** Whether a row follows the last of this page; asks the database only where the page itself does not tell. */
  hasNextPage(): Promise<boolean>
  /** Whether a row precedes the first of this page, likewise. */
  hasPreviousPage(): Promise<boolean>
}

/** A page that is well-formed: how many rows, from which end, between which positions. */
export interface PageWindow {
  size: number
  backward: boolean
  bounds: Bounds
}

type Read<Row> = (segment: Segment, take: number) => Promise<Row[]>

/** An ordered list of rows. */
export interface RowList {
  table: Table
  order: KeysetOrder
  condition: Prisma.Sql
  /** No row can satisfy the condition: nothing is read. */
  isEmpty?: boolean
  /** Which columns and relations to read; by default every column. The fields of the order are always read. */
  select?: Select | undefined
  /** Where an index does not bring the rows of a run: a condition that only those satisfy. Of the rest of the run it knows. */
  narrow?: ((run: ReadRange) => Prisma.Sql) | undefined
}

/** A part of a list that is about to be read. */
export interface ReadRange {
  condition: Prisma.Sql
  /** Between which rows. */
  between: Prisma.Sql
  orderBy: Prisma.Sql
  take: number
  /** It is read from the first row of the list on. */
  isBeginning: boolean
}

/**
 * Checks a page request against an order and the limits.
 *
 * @throws InvalidInputError for a size out of range, `first` together with `last`, and cursors that are not of this order.
 */
export function pageWindow(request: PageRequest, order: KeysetOrder, limits: Limits): PageWindow {
  const check = new InputCheck(limits)
  const { first, last } = request
  if (first != null && last != null)
    check.addIssue('first', `and "last" exclude each other; first: ${first} and last: ${last} came.`)
  check.integer('first', first, 0, limits.pageSize)
  check.integer('last', last, 0, limits.pageSize)
  const bounds = {
    after: position(check, order, 'after', request.after),
    before: position(check, order, 'before', request.before),
  }
  check.throwIfAny()
  return { size: last ?? first ?? limits.defaultPageSize, backward: last != null, bounds }
}

/**
 * Reads one page of a list.
 *
 * @throws InvalidInputError for bad page sizes and cursors
 */
export async function pageOfRows<Row>(ledger: Ledger, list: RowList, request: PageRequest): Promise<Page<Row>> {
  const { table, order, condition, isEmpty, select, narrow } = list
  const key = Object.fromEntries(order.key.map(({ field }) => [field, true]))
  const shape = select && { ...select, ...key }
  const replanEachTime = narrow !== undefined || condition.values.length > 0
  return readPage<Row>(
    order,
    pageWindow(request, order, ledger.limits),
    async ({ where: between, orderBy, isBeginning }, take) => {
      if (isEmpty) return []
      const where = narrow?.({ condition, between, orderBy, take, isBeginning }) ?? and([condition, between])
      return ledger.sql.read<Row>(table, { select: shape, where, orderBy, take, replanEachTime })
    },
  )
}

/** Reads one page. `read` answers a segment of the list with at most `take` rows that hold at least the fields of the order's key. */
async function readPage<Row>(order: KeysetOrder, window: PageWindow, read: Read<Row>): Promise<Page<Row>> {
  const { size, backward, bounds } = window
  // One row more than asked for tells whether there are more.
  const found = await readSegments(segmentsBetween(order, bounds, { reversed: backward }), size + 1, read)
  const more = found.length > size
  const rows = found.slice(0, size)
  if (backward) rows.reverse()
  const keyOf = (row: Row | undefined) =>
    row === undefined ? undefined : keyValues(order, row as Record<string, unknown>)
  const exists = async (between: Bounds, inclusive = false) =>
    (await readSegments(segmentsBetween(order, between, { inclusive }), 1, read)).length > 0
  return {
    rows,
    cursorOf: (row) => encodeCursor(order, row as Record<string, unknown>),
    // Beyond a bound lie rows that the page did not look at: that of the bound itself, if it still matches, and others.
    hasNextPage: once(async () => {
      if (!backward && more) return true
      if (!bounds.before) return false
      return rows.length > 0 ? exists({ after: keyOf(rows.at(-1)) }) : exists({ after: bounds.before }, true)
    }),
    hasPreviousPage: once(async () => {
      if (backward && more) return true
      if (!bounds.after) return false
      return rows.length > 0 ? exists({ before: keyOf(rows[0]) }) : exists({ before: bounds.after }, true)
    }),
  }
}

/** However often a client asks, the database is asked once. */
function once(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined
  return () => (answer ??= ask())
}

async function readSegments<Row>(segments: Segment[], take: number, read: Read<Row>): Promise<Row[]> {
  const rows: Row[] = []
  for (const segment of segments) {
    if (rows.length >= take) break
    rows.push(...(await read(segment, take - rows.length)))
  }
  return rows
}

function position(
  check: InputCheck,
  order: KeysetOrder,
  argument: 'after' | 'before',
  cursor: string | null | undefined,
) {
  if (cursor == null) return undefined
  try {
    return decodeCursor(order, cursor)
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error
    check.addIssue(argument, `${error.message} "${cursor.slice(0, 50)}" came.`)
    return undefined
  }
}
