// Keyset pagination of all lists of the ledger: validates the arguments, reads one page, and
// reports exactly whether more rows exist.

import type { Prisma } from '../database/generated/client.ts'
import {
  type Bounds,
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  type KeysetOrder,
  type KeysetRange,
  keyValues,
  rangesBetween,
} from '../database/keyset.ts'
import { and } from '../database/rows/conditions.ts'
import type { RowShape } from '../database/rows/rowShape.ts'
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
  /**
   * Whether a row follows the last row of this page. Queries the database only if the page itself
   * does not show it.
   */
  hasNextPage(): Promise<boolean>
  /**
   * Whether a row precedes the first row of this page. Queries the database only if the page itself
   * does not show it.
   */
  hasPreviousPage(): Promise<boolean>
}

/** The valid arguments of a page: number of rows, direction, and bounds. */
export interface PageWindow {
  size: number
  backward: boolean
  bounds: Bounds
}

type Read<Row> = (range: KeysetRange, take: number) => Promise<Row[]>

/** An ordered list of rows. */
export interface RowList<Row> {
  table: Table
  shape: RowShape<Row>
  order: KeysetOrder
  condition: Prisma.Sql
  /** No row can satisfy the condition, so nothing is read. */
  isEmpty?: boolean
  /**
   * Optional rewrite for lists that no index serves: returns a complete WHERE clause for one range.
   */
  narrow?: ((range: ReadRange) => Prisma.Sql) | undefined
}

/** One range of a list to read. */
export interface ReadRange {
  condition: Prisma.Sql
  /** The bounds of the range, as a condition. */
  between: Prisma.Sql
  orderBy: Prisma.Sql
  take: number
  /** The range starts at the first row of the list. */
  isBeginning: boolean
}

/**
 * Validates a page request against an order and the limits.
 *
 * @throws InvalidInputError for a size out of range, `first` together with `last`, and cursors that
 * are not of this order.
 */
export function pageWindow(request: PageRequest, order: KeysetOrder, limits: Limits): PageWindow {
  const check = new InputCheck(limits)
  const { first, last } = request
  if (first != null && last != null)
    check.addIssue('first', `must not be combined with "last" (got first: ${first}, last: ${last}).`)
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
 * @throws InvalidInputError for invalid page sizes and cursors
 */
export async function pageOfRows<Row>(ledger: Ledger, list: RowList<Row>, request: PageRequest): Promise<Page<Row>> {
  const { table, order, condition, isEmpty, narrow } = list
  const shape = list.shape.including(order.key.map(({ field }) => field))
  const replanEachTime = narrow !== undefined || condition.values.length > 0
  return readPage<Row>(
    { order, shape },
    pageWindow(request, order, ledger.limits),
    async ({ where: between, orderBy, isBeginning }, take) => {
      if (isEmpty) return []
      const where = narrow?.({ condition, between, orderBy, take, isBeginning }) ?? and([condition, between])
      return ledger.sql.readAs(table, shape, { where, orderBy, take, replanEachTime })
    },
  )
}

/**
 * Reads one page. `read` returns at most `take` rows of a range, with at least the fields of the
 * order's key.
 */
async function readPage<Row>(
  { order, shape }: { order: KeysetOrder; shape: RowShape<Row> },
  window: PageWindow,
  read: Read<Row>,
): Promise<Page<Row>> {
  const { size, backward, bounds } = window
  // One extra row shows whether more rows exist.
  const found = await readRanges(rangesBetween(order, bounds, { reversed: backward }), size + 1, read)
  const more = found.length > size
  const rows = found.slice(0, size)
  if (backward) rows.reverse()
  const keyOf = (row: Row | undefined) => (row === undefined ? undefined : keyValues(order, shape.fieldsOf(row)))
  const exists = async (between: Bounds, inclusive = false) =>
    (await readRanges(rangesBetween(order, between, { inclusive }), 1, read)).length > 0
  return {
    rows,
    cursorOf: (row) => encodeCursor(order, shape.fieldsOf(row)),
    // The page did not read the row at a bound, which may still match, nor any rows beyond it.
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

/** Runs `query` at most once, however often the result is used. */
function once(query: () => Promise<boolean>): () => Promise<boolean> {
  let result: Promise<boolean> | undefined
  return () => (result ??= query())
}

async function readRanges<Row>(ranges: KeysetRange[], take: number, read: Read<Row>): Promise<Row[]> {
  const rows: Row[] = []
  for (const range of ranges) {
    if (rows.length >= take) break
    rows.push(...(await read(range, take - rows.length)))
  }
  return rows
}

/** What helps after a refusal. */
const PASS = {
  after: 'Pass a cursor of this list, such as `pageInfo.endCursor`, or leave it out to start at the first page.',
  before: 'Pass a cursor of this list, such as `pageInfo.startCursor`, or leave it out to end at the last page.',
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
    check.addIssue(argument, `${error.message} (got "${cursor.slice(0, 50)}"). ${PASS[argument]}`)
    return undefined
  }
}
