// Runs the statements that are run most past Prisma, which takes several times as long for them. What comes has the form that it has with
// Prisma.
import type pg from 'pg'
import { Prisma } from '../generated/client.ts'
import { FROM_TEXT, type Select, selectList } from './selectList.ts'
import type { Table } from './tables.ts'

export interface SelectQuery {
  /** Which columns and relations; by default every column. */
  readonly select?: Select | undefined
  /** On the columns of the table, by its own name. */
  readonly where: Prisma.Sql
  readonly orderBy?: Prisma.Sql | undefined
  /** So many rows at most. */
  readonly take?: number | undefined
  /**
   * The best plan depends on the values: a rare one is looked up, a usual one met on the way. The statement is planned each time, where a
   * prepared one may keep a plan that takes seconds for other values.
   */
  readonly replanEachTime?: boolean
}

export interface Sql {
  /** The rows of any statement, by the names and types of its columns. @throws what pg throws */
  query<Row>(statement: Prisma.Sql): Promise<Row[]>
  /** Rows of a table with what belongs to them, by one statement. @throws what pg throws */
  read<Row>(table: Table, question: SelectQuery): Promise<Row[]>
}

/** Names statements, so that each is prepared once per connection; undefined: they are not to be. */
export type StatementName = ((query: { sql: string }) => string) | undefined

// The numbers of PostgreSQL's types (pg_type.dat).
const BY_TYPE: Readonly<Record<number, (value: string) => unknown>> = {
  16: (value) => value === 't',
  17: FROM_TEXT.bytes,
  20: FROM_TEXT.bigint,
  23: FROM_TEXT.int,
  114: FROM_TEXT.json,
  701: Number,
  1184: FROM_TEXT.instant,
  3802: FROM_TEXT.json,
}
const BY_COLUMN_TYPE = { getTypeParser: (type: number) => BY_TYPE[type] ?? ((value: string) => value) }

// The values as PostgreSQL writes them: what becomes of each is decided by its column.
const AS_TEXT = { getTypeParser: () => (value: string) => value }

/** Of dates pg would write the local time, and of years long ago the wrong one. */
function toText(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().replace(/^\+0*/, '') : value
}

export function openSql(pool: pg.Pool, names: Readonly<Record<keyof Sql, StatementName>>): Sql {
  // An empty name is that of a statement which is planned for its values, and forgotten.
  const statementOf = ({ text, values }: Prisma.Sql, nameOf: StatementName) => ({
    name: nameOf?.({ sql: text }) ?? '',
    text,
    values: values.map(toText),
  })
  return {
    async query<Row>(sql: Prisma.Sql): Promise<Row[]> {
      const { rows } = await pool.query({ ...statementOf(sql, names.query), types: BY_COLUMN_TYPE } as pg.QueryConfig)
      return rows
    },
    async read<Row>(table: Table, { replanEachTime, ...question }: SelectQuery): Promise<Row[]> {
      const { select, where, orderBy, take } = question
      const { list, rowOf } = selectList(table, select)
      const order = orderBy ? Prisma.sql` ORDER BY ${orderBy}` : Prisma.empty
      // In the text, where a plan for any value sees it: it would take a tenth of the table for wanted.
      const limit = take === undefined ? Prisma.empty : Prisma.raw(` LIMIT ${take}`)
      const sql = Prisma.sql`SELECT ${list} FROM ${Prisma.raw(table.name)} WHERE ${where}${order}${limit}`
      const nameOf = replanEachTime ? undefined : names.read
      const statement = { ...statementOf(sql, nameOf), rowMode: 'array', types: AS_TEXT }
      const { rows } = await pool.query<(string | null)[]>(statement as pg.QueryArrayConfig)
      return rows.map(rowOf) as Row[]
    },
  }
}
