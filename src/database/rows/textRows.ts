// What to read of rows that stay as the texts that PostgreSQL sends: no objects are made of them.
import type { Prisma } from '../generated/client.ts'
import type { TextRow } from './rowShape.ts'
import { FROM_TEXT } from './selectList.ts'
import type { Column, Relation, Table } from './tables.ts'

/** A part of the rows of a relation: those between two bounds, in the order of a column. */
export interface Slice {
  readonly field: string
  readonly direction: 'asc' | 'desc'
  readonly take: number
  /** Exclusive bounds of the column. */
  readonly greaterThan?: number | undefined
  readonly lessThan?: number | undefined
}

/** The slice of a list of related rows, which depends on the arguments of the request. */
export type SliceOf<Request> = (request: Request) => Slice

export interface RelatedRows<Request> {
  readonly relation: Relation
  readonly rows: TextRows<Request>
  /** Undefined: the relation is one row. */
  readonly sliceOf: SliceOf<Request> | undefined
}

/** Each level has two control characters of its own, from U+0001 to U+001E. */
export const MAX_RELATION_DEPTH = 15

/**
 * What to read of each row of a table. Rows of the statement have SQL NULL as null. Rows of a
 * relation have it as an empty text, and columns of the type text as JSON strings.
 */
export class TextRows<Request> {
  readonly table: Table
  /** The number of relations between these rows and the rows of the statement. */
  readonly depth: number
  /** In the order of the values of a row. */
  readonly values: (Column | RelatedRows<Request>)[] = []
  /** The select list of the statement, if it does not depend on the request. */
  fixedList: Prisma.Sql | undefined
  private readonly indexes = new Map<string, number>()

  constructor(table: Table, depth = 0) {
    this.table = table
    this.depth = depth
  }

  /** Reads a column. Returns its index. @throws Error if the table does not have it */
  column(field: string): number {
    const known = this.indexes.get(field)
    if (known !== undefined) return known
    const index = this.values.push(this.columnOf(field)) - 1
    this.indexes.set(field, index)
    return index
  }

  /**
   * Reads a relation. Returns its index, and what to read of its rows.
   *
   * @throws Error if the table does not have it, or if there are MAX_RELATION_DEPTH above it
   */
  relation(field: string, sliceOf?: SliceOf<Request>): { index: number; rows: TextRows<Request> } {
    const relation = this.table.relations[field]
    if (relation === undefined) throw new Error(`The table ${this.table.name} has no relation ${field}.`)
    if (this.depth === MAX_RELATION_DEPTH) throw new Error('The relations are nested too deeply.')
    const rows = new TextRows<Request>(relation.table(), this.depth + 1)
    return { index: this.values.push({ relation, rows, sliceOf }) - 1, rows }
  }

  /** Whether nothing that is read depends on the request. */
  get isFixed(): boolean {
    return this.values.every((value) => !('relation' in value) || (value.sliceOf === undefined && value.rows.isFixed))
  }

  hasColumn(field: string): boolean {
    return this.indexes.has(field)
  }

  columnOf(field: string): Column {
    const column = this.table.columns[field]
    if (column === undefined) throw new Error(`The table ${this.table.name} has no column for ${field}.`)
    return column
  }

  /** Whether texts of this column are JSON strings. */
  isQuoted(field: string): boolean {
    return this.depth > 0 && this.columnOf(field).type === 'text'
  }

  /** Reads a column. Returns a function that gives its value in JavaScript. */
  reader(field: string): (row: TextRow) => unknown {
    const index = this.column(field)
    const parse = FROM_TEXT[this.columnOf(field).type]
    if (this.depth === 0) return (row) => (row[index] === null ? null : parse(row[index] as string))
    const isQuoted = this.isQuoted(field)
    return (row) => {
      const text = row[index] as string
      return text === '' ? null : parse(isQuoted ? JSON.parse(text) : text)
    }
  }
}
