// Runs hand-written SQL on the pool, without Prisma Client, which takes several times as long. Rows
// have the shape that Prisma Client gives them, and errors are translated by the pool.
import type pg from 'pg'
import type { StatementScope } from '../cancellation.ts'
import { Prisma } from '../generated/client.ts'
import type { Queryable } from '../queryable.ts'
import type { RowShape } from './rowShape.ts'
import { FROM_TEXT, objectShape, type Select } from './selectList.ts'
import type { Table } from './tables.ts'

export interface RowQuery {
  /** A condition on the columns of the table, which goes by its own name. */
  readonly where: Prisma.Sql
  readonly orderBy?: Prisma.Sql | undefined
  /** Maximum number of rows. Default: no limit. */
  readonly take?: number | undefined
  /**
   * Plans the statement on each run instead of preparing it. For statements whose best plan depends
   * on the values: a prepared one can keep a plan that takes seconds for other values.
   */
  readonly replanEachTime?: boolean
}

export interface SelectQuery extends RowQuery {
  /** Columns and relations to read. Default: every column. */
  readonly select?: Select | undefined
}

/**
 * A tagged template, or a call with a composed statement: sql.query`SELECT 1` and
 * sql.query(statement) do the same.
 */
type Statement = [statement: Prisma.Sql] | [texts: TemplateStringsArray, ...values: unknown[]]

/**
 * The one way to run hand-written SQL. Each statement is a transaction of its own. All members
 * throw DatabaseUnavailableError and OutcomeUnknownError (runStatement.ts), and otherwise what pg
 * throws.
 */
export interface Sql {
  /** Returns the rows of a statement, by the names and types of its columns. */
  query<Row>(...statement: Statement): Promise<Row[]>
  /** Returns the number of rows that a statement wrote or returned. */
  execute(...statement: Statement): Promise<number>
  /** Returns rows of a table and of its relations, by one statement. */
  read<Row>(table: Table, query: SelectQuery): Promise<Row[]>
  /** Returns rows of a table in a shape of one's own. */
  readAs<Row>(table: Table, shape: RowShape<Row>, query: RowQuery): Promise<Row[]>
  /** The same for statements that belong to `scope`. On one connection, these are no others. */
  within(scope: StatementScope): Sql
}

/**
 * Names statements. A statement with a name is prepared once per connection. Undefined: no
 * statement is prepared.
 */
export type StatementName = ((query: { sql: string }) => string) | undefined

// By the OIDs of PostgreSQL's types (pg_type.dat).
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

/** pg would write dates in local time, and early years wrong. */
function toText(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().replace(/^\+0*/, '') : value
}

interface StatementNames {
  /** Also names the statements of `execute`. */
  readonly query: StatementName
  readonly read: StatementName
}

/** On a pool; or on one connection, where the statements belong to its open transaction. */
export function openSql(
  database: Queryable & { within?(scope: StatementScope): Queryable },
  names: StatementNames,
): Sql {
  // An empty name is PostgreSQL's unnamed statement, which is planned for its values.
  const statementOf = ({ text, values }: Prisma.Sql, nameOf: StatementName) => ({
    name: nameOf?.({ sql: text }) ?? '',
    text,
    values: values.map(toText),
  })
  const run = async (statement: Statement) => {
    const config = { ...statementOf(composed(statement), names.query), types: BY_COLUMN_TYPE }
    return await database.query(config as pg.QueryConfig)
  }
  const readAs = async <Row>(table: Table, shape: RowShape<Row>, query: RowQuery): Promise<Row[]> => {
    const name = query.replanEachTime ? undefined : names.read
    const config = { ...statementOf(selectStatement(table, shape.list, query), name), types: shape.types }
    const { rows } = await database.query<(string | null)[]>({ ...config, rowMode: 'array' } as pg.QueryArrayConfig)
    return rows.map((row) => shape.rowOf(row))
  }
  return {
    async query<Row>(...statement: Statement): Promise<Row[]> {
      return (await run(statement)).rows
    },
    async execute(...statement: Statement): Promise<number> {
      return (await run(statement)).rowCount ?? 0
    },
    read<Row>(table: Table, { select, ...query }: SelectQuery): Promise<Row[]> {
      return readAs(table, objectShape<Row>(table, select), query)
    },
    readAs,
    within: (scope) => (database.within ? openSql(database.within(scope), names) : openSql(database, names)),
  }
}

function composed([first, ...values]: Statement): Prisma.Sql {
  return 'raw' in first ? Prisma.sql(first, ...values) : first
}

function selectStatement(table: Table, list: Prisma.Sql, { where, orderBy, take }: RowQuery): Prisma.Sql {
  const order = orderBy ? Prisma.sql` ORDER BY ${orderBy}` : Prisma.empty
  // Part of the text. With a parameter, the generic plan of a prepared statement assumes a tenth of
  // the table.
  const limit = take === undefined ? Prisma.empty : Prisma.raw(` LIMIT ${take}`)
  return Prisma.sql`SELECT ${list} FROM ${Prisma.raw(table.name)} WHERE ${where}${order}${limit}`
}
