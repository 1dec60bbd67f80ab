// Reads rows with what belongs to them, in one statement, past Prisma, which takes several times as long for it. What is asked for, and what
// comes, has the form that it has with Prisma.
import type pg from 'pg'
import { Prisma } from '../generated/client.ts'
import { type Select, selectList } from './selectList.ts'
import type { Table } from './tables.ts'

export interface RowsQuestion {
  /** Which columns and relations; by default every column. */
  readonly select?: Select | undefined
  /** On the columns of the table, by its own name. */
  readonly where: Prisma.Sql
  readonly orderBy?: Prisma.Sql | undefined
  /** So many rows at most. */
  readonly take?: number | undefined
}

export interface RowReader {
  /** @throws what pg throws */
  read<Row>(table: Table, question: RowsQuestion): Promise<Row[]>
}

/** Names statements, so that each is prepared once per connection; undefined: they are not to be. */
export type StatementName = ((query: { sql: string }) => string) | undefined

// The values as PostgreSQL writes them: what becomes of each is decided by its column.
const AS_TEXT = { getTypeParser: () => (value: string) => value }

/** Of dates pg would write the local time, and of years long ago the wrong one. */
function toText(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().replace(/^\+0*/, '') : value
}

export function openRowReader(pool: pg.Pool, statementName: StatementName): RowReader {
  return {
    async read<Row>(table: Table, { select, where, orderBy, take }: RowsQuestion): Promise<Row[]> {
      const { list, rowOf } = selectList(table, select)
      const order = orderBy ? Prisma.sql` ORDER BY ${orderBy}` : Prisma.empty
      const limit = take === undefined ? Prisma.empty : Prisma.sql` LIMIT ${take}`
      const { text, values } = Prisma.sql`SELECT ${list} FROM ${Prisma.raw(table.name)} WHERE ${where}${order}${limit}`
      const name = statementName?.({ sql: text }) ?? ''
      const statement = { name, text, values: values.map(toText), rowMode: 'array', types: AS_TEXT }
      const { rows } = await pool.query<(string | null)[]>(statement as pg.QueryArrayConfig)
      return rows.map(rowOf) as Row[]
    },
  }
}
