// What Prisma calls a `select`, as a list of columns and subqueries, and how their values become a row again. What belongs to a row comes as
// JSON, of arrays, so that no name is sent for each value.
import { Prisma } from '../generated/client.ts'
import type { Column, ColumnType, Relation, Table } from './tables.ts'

/** As Prisma has it: fields, and relations with what to read of them. */
export type Select = Readonly<Record<string, unknown>>

/** What may be said of a relation. */
interface Nested {
  readonly select?: Select | undefined
  /** Bounds on whole numbers. */
  readonly where?: Readonly<Record<string, { gt?: number; lt?: number }>>
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc'>>
  readonly take?: number
}

export interface SelectList {
  readonly list: Prisma.Sql
  rowOf(values: (string | null)[]): object
}

/** The list for rows of the table by its own name, and the row that its values make, which come as text. */
export function selectList(table: Table, select: Select | undefined): SelectList {
  const parts = partsOf(table, select, 0)
  return {
    list: Prisma.join(parts.map((part) => part.sql(table.name))),
    rowOf: (values) => rowFrom(parts, values, 'fromText'),
  }
}

/** The row that the values of its parts make. */
function rowFrom(parts: readonly Part[], values: readonly unknown[], reading: 'fromText' | 'fromJson'): object {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] as Part
    const value = values[index]
    // What is not null is text where it is read as text.
    row[part.field] = value === null ? null : part[reading](value as string)
  }
  return row
}

/** One field of a row. */
interface Part {
  readonly field: string
  /** Of the row that is called so. */
  sql(row: string): Prisma.Sql
  /** The same where it is to be a value of JSON. */
  jsonSql(row: string): Prisma.Sql
  fromText(value: string): unknown
  fromJson(value: unknown): unknown
}

/** Of rows that lie `depth` relations below those of the statement. */
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
  // JavaScript's numbers would not hold them.
  const isInText = type === 'bigint' || type === 'bytes'
  return {
    field,
    sql,
    jsonSql: isInText ? (row) => Prisma.raw(`${row}.${name}::text`) : sql,
    fromText: FROM_TEXT[type],
    fromJson: FROM_JSON[type],
  }
}

/** 2026-01-02 03:04:05.678+00, because sessions are in UTC; Date takes years below 100 for others unless it is ISO 8601. */
function instantOf(text: string): Date {
  // What Date cannot hold is no date, as with Prisma; of "infinityT:00" Date would make the year 2000.
  return new Date(text.endsWith('infinity') ? Number.NaN : `${text.slice(0, 10)}T${text.slice(11)}:00`)
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
const same = (value: unknown): unknown => value

/** What becomes of a value as PostgreSQL writes it. */
export const FROM_TEXT: Record<ColumnType, (value: string) => unknown> = {
  text: same,
  capitals: (value) => value.toUpperCase(),
  int: Number,
  bigint: BigInt,
  instant: instantOf,
  json: (value) => JSON.parse(value),
  bytes: bytesOf,
}

const FROM_JSON: Record<ColumnType, (value: unknown) => unknown> = {
  text: same,
  capitals: (value) => (value as string).toUpperCase(),
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
  /** The name of the row to which the rows belong. */
  readonly row: string
}

function subquery(
  { table, isMany, localColumn, foreignColumn }: Relation,
  { parts, depth, row, ...nested }: Subquery,
): Prisma.Sql {
  const { name, columns } = table()
  // A name that no row around it has. Not one that grows with the depth: PostgreSQL cuts names off at 63 bytes.
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

/** The order and the limit. The limit is a part of the text: PostgreSQL's plan for any limit would be one for a large one. */
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
