// Turns a `select` of Prisma into a select list of SQL, and the values of that list into a row.
// Rows of relations are read as JSON arrays, so that the names of their columns are not sent with
// each row.
import { Prisma } from '../generated/client.ts'
import type { RowShape } from './rowShape.ts'
import type { Column, ColumnType, Relation, Table } from './tables.ts'

/** A `select` of Prisma: fields, and relations with a `select` of their own. */
export type Select = Readonly<Record<string, unknown>>

/** The options of a relation that are supported. */
interface Nested {
  readonly select?: Select | undefined
  /** Bounds on integer columns. */
  readonly where?: Readonly<Record<string, { gt?: number; lt?: number }>>
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc'>>
  readonly take?: number
}

// Leaves values as PostgreSQL writes them: each is parsed by its column.
const AS_TEXT = { getTypeParser: () => (value: string) => value }

/** Rows as objects of the shape that Prisma returns. */
export function objectShape<Row>(table: Table, select: Select | undefined): RowShape<Row> {
  const parts = partsOf(table, select, 0)
  return {
    list: Prisma.join(parts.map((part) => part.sql(table.name))),
    types: AS_TEXT,
    rowOf: (values) => rowFrom(parts, values, 'fromText') as Row,
    fieldsOf: (row) => row as Readonly<Record<string, unknown>>,
    including: (fields) =>
      select === undefined
        ? objectShape(table, undefined)
        : objectShape(table, { ...select, ...Object.fromEntries(fields.map((field) => [field, true])) }),
  }
}

/** Builds a row from the values of its parts. */
function rowFrom(parts: readonly Part[], values: readonly unknown[], reading: 'fromText' | 'fromJson'): object {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] as Part
    const value = values[index]
    // With `fromText`, a value that is not null is text.
    row[part.field] = value === null ? null : part[reading](value as string)
  }
  return row
}

/** One field of a row: a column or a relation. */
interface Part {
  readonly field: string
  /** The expression, where `row` is the name of the row in SQL. */
  sql(row: string): Prisma.Sql
  /** The expression as an element of a JSON array. */
  jsonSql(row: string): Prisma.Sql
  fromText(value: string): unknown
  fromJson(value: unknown): unknown
}

/** The parts of a row that is `depth` relations below the rows of the statement. */
function partsOf(table: Table, select: Select | undefined, depth: number): Part[] {
  const fields = select ? Object.entries(select) : Object.keys(table.columns).map((field) => [field, true] as const)
  const parts: Part[] = []
  for (const [field, asked] of fields) {
    const column = table.columns[field]
    const relation = table.relations[field]
    if (!asked) continue
    if (column) parts.push(columnPart(field, column))
    else if (relation)
      parts.push(relationPart(field, relation, { ...(asked === true ? {} : (asked as Nested)), depth: depth + 1 }))
    else throw new Error(`The table ${table.name} has no field ${field}.`)
  }
  return parts
}

function columnPart(field: string, { name, type }: Column): Part {
  const sql = (row: string): Prisma.Sql => Prisma.raw(`${row}.${name}`)
  // A JSON number would lose digits of a bigint, and JSON has no bytes.
  const isInText = type === 'bigint' || type === 'bytes'
  return {
    field,
    sql,
    jsonSql: isInText ? (row) => Prisma.raw(`${row}.${name}::text`) : sql,
    fromText: FROM_TEXT[type],
    fromJson: FROM_JSON[type],
  }
}

/**
 * Takes "2026-01-02 03:04:05.678+00": sessions are in UTC. Only in ISO 8601 form does Date read
 * years below 100 as they are.
 */
function instantOf(text: string): Date {
  // An invalid date, as with Prisma. Date would read "infinityT:00" as a date in the year 2000.
  return new Date(text.endsWith('infinity') ? Number.NaN : `${text.slice(0, 10)}T${text.slice(11)}:00`)
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
const same = (value: unknown): unknown => value

/** Parses a value from the text that PostgreSQL sends. */
export const FROM_TEXT: Record<ColumnType, (value: string) => unknown> = {
  text: same,
  uuid: same,
  enum: same,
  upperEnum: (value) => value.toUpperCase(),
  int: Number,
  bigint: BigInt,
  instant: instantOf,
  json: (value) => JSON.parse(value),
  bytes: bytesOf,
}

const FROM_JSON: Record<ColumnType, (value: unknown) => unknown> = {
  text: same,
  uuid: same,
  enum: same,
  upperEnum: (value) => (value as string).toUpperCase(),
  int: same,
  bigint: (value) => BigInt(value as string),
  instant: (value) => new Date(value as string),
  json: same,
  bytes: (value) => bytesOf(value as string),
}

function relationPart(field: string, relation: Relation, nested: Nested & { depth: number }): Part {
  const parts = partsOf(relation.table(), nested.select, nested.depth)
  const rowOf = (values: unknown): object => rowFrom(parts, values as unknown[], 'fromJson')
  const fromJson = relation.isMany ? (value: unknown) => (value as unknown[]).map(rowOf) : rowOf
  const sql = (row: string): Prisma.Sql => subquery(relation, { ...nested, parts, row })
  return { field, sql, jsonSql: sql, fromText: (value) => fromJson(JSON.parse(value)), fromJson }
}

interface Subquery extends Nested {
  readonly parts: Part[]
  readonly depth: number
  /** The name of the parent row in SQL. */
  readonly row: string
}

function subquery(
  { table, isMany, localColumn, foreignColumn }: Relation,
  { parts, depth, row, ...nested }: Subquery,
): Prisma.Sql {
  const { name, columns } = table()
  // A name that no enclosing row has. It must stay short: PostgreSQL truncates names at 63 bytes.
  const inner = `${name}_${depth}`
  const belongs = Prisma.raw(`${inner}.${foreignColumn} = ${row}.${localColumn}`)
  const value = Prisma.sql`json_build_array(${Prisma.join(parts.map((part) => part.jsonSql(inner)))})`
  const from = Prisma.raw(`${name} AS ${inner}`)
  if (!isMany) return Prisma.sql`(SELECT ${value} FROM ${from} WHERE ${belongs})`
  const rows = Prisma.sql`SELECT ${value} AS value FROM ${from} WHERE ${Prisma.join([belongs, ...boundsOf(inner, columns, nested)], ' AND ')}${endOf(inner, columns, nested)}`
  return Prisma.sql`(SELECT coalesce(json_agg(value), '[]') FROM (${rows}) AS ${Prisma.raw(`${inner}_values`)})`
}

function boundsOf(row: string, columns: Table['columns'], { where = {} }: Nested): Prisma.Sql[] {
  return Object.entries(where).flatMap(([field, { gt, lt }]) => {
    const column = Prisma.raw(`${row}.${columnName(columns, field)}`)
    return [
      ...(gt === undefined ? [] : [Prisma.sql`${column} > ${gt}`]),
      ...(lt === undefined ? [] : [Prisma.sql`${column} < ${lt}`]),
    ]
  })
}

/**
 * The order and the limit. The limit is part of the text: with a parameter, the generic plan
 * assumes a large limit.
 */
function endOf(row: string, columns: Table['columns'], { orderBy = {}, take }: Nested): Prisma.Sql {
  const keys = Object.entries(orderBy).map(([field, way]) => `${row}.${columnName(columns, field)} ${way}`)
  const order = keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`
  return Prisma.raw(`${order}${take === undefined ? '' : ` LIMIT ${take}`}`)
}

function columnName(columns: Table['columns'], field: string): string {
  const column = columns[field]
  if (column === undefined) throw new Error(`There is no column for ${field}.`)
  return column.name
}
