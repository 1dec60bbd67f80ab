// How root fields read rows. Declared once beside each field (types/), for its resolver and for
// plans.
import type { RowShape } from '../../database/rows/rowShape.ts'
import type { Table } from '../../database/rows/tables.ts'
import type { Page } from '../../ledger/page.ts'
import type { FieldRequest } from './fieldRequest.ts'

/** The coerced arguments of a field. */
// biome-ignore lint/suspicious/noExplicitAny: each field has arguments of its own
type Arguments = any

/** A root field that returns a connection. */
export interface ListReads {
  /** The type of its rows. */
  readonly typeName: string
  readonly table: Table
  page<Row>(args: Arguments, request: Pick<FieldRequest, 'context' | 'info'>, shape: RowShape<Row>): Promise<Page<Row>>
  /** The length of the complete list. */
  count(args: Arguments, request: Pick<FieldRequest, 'context' | 'info'>): Promise<number>
}

/** A root field that returns an object, or null. */
export interface RowReads {
  readonly table: Table
  row<Row>(args: Arguments, request: Pick<FieldRequest, 'context' | 'info'>, shape: RowShape<Row>): Promise<Row | null>
}

/** The extensions of a root field whose reads a plan can make. */
export function readsList(list: ListReads): { list: ListReads } {
  return { list }
}

export function readsRow(row: RowReads): { row: RowReads } {
  return { row }
}
