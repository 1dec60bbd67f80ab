// What a statement reads of each row, and what becomes of it.
import type { Prisma } from '../generated/client.ts'

/** The values of a row as PostgreSQL sends them. */
export type TextRow = readonly (string | null)[]

/** Parsers of values by type, as pg takes them. */
export interface TextTypes {
  getTypeParser(): (value: string) => string
}

export interface RowShape<Row> {
  /** The select list for a table that goes by its own name. */
  readonly list: Prisma.Sql
  /** Must leave values as texts. */
  readonly types: TextTypes
  rowOf(values: TextRow): Row
  /** Fields of a row by their names, of those that `including` named. */
  fieldsOf(row: Row): Readonly<Record<string, unknown>>
  /** The same shape, which reads at least these fields. */
  including(fields: readonly string[]): RowShape<Row>
}
