// The SQL that reads `TextRows`. A relation is one text: the values of its rows, joined by control
// characters that none of the values contains. For PostgreSQL and Node together, this is less work
// than JSON (docs/benchmarks.md).
import { Prisma } from '../generated/client.ts'
import { AS_SENT } from './exactNumbers.ts'
import type { RowShape, TextRow } from './rowShape.ts'
import { FROM_TEXT } from './selectList.ts'
import type { Column, Table } from './tables.ts'
import type { RelatedRows, Slice, TextRows } from './textRows.ts'

/**
 * In front of the text of a relation. Without it, a row whose only value is NULL would be no row.
 */
const PRESENT = '.'

/** The separators at a depth, as character codes. */
const betweenValues = (depth: number): number => 2 * depth - 1
const betweenRows = (depth: number): number => 2 * depth

/** The row in the value of a relation that is one row. */
export function relatedRow(value: string | null, depth: number): TextRow | undefined {
  return value ? value.slice(PRESENT.length).split(String.fromCharCode(betweenValues(depth))) : undefined
}

/** The rows in the value of a relation that is a list, in the order of its slice. */
export function relatedRows(value: string | null, depth: number): TextRow[] {
  if (!value) return []
  const separator = String.fromCharCode(betweenValues(depth))
  const rows = value.slice(PRESENT.length).split(String.fromCharCode(betweenRows(depth)))
  return rows.map((row) => row.split(separator))
}

/** The shape of the rows of a statement, which stay texts. */
export function textShape<Request>(rows: TextRows<Request>, request: Request): RowShape<TextRow> {
  const { table, values } = rows
  // A row needs a value.
  if (values.length === 0) rows.column('id')
  const list =
    rows.fixedList ?? Prisma.join(values.map((value) => valueSql(value, { row: table.name, depth: 0, request })))
  if (rows.isFixed) rows.fixedList = list
  return new TextShape(rows, list, [])
}

class TextShape<Request> implements RowShape<TextRow> {
  readonly list: Prisma.Sql
  readonly types = AS_SENT
  private readonly rows: TextRows<Request>
  private readonly fields: readonly (readonly [field: string, index: number])[]

  constructor(rows: TextRows<Request>, list: Prisma.Sql, fields: readonly string[]) {
    // The columns that the response does not need come after those that it needs.
    const added = fields.filter((field) => !rows.hasColumn(field))
    const columns = added.map((field) => Prisma.raw(`${rows.table.name}.${rows.columnOf(field).name}`))
    this.rows = rows
    this.list = added.length === 0 ? list : Prisma.join([list, ...columns])
    this.fields = fields.map((field) => {
      const index = added.indexOf(field)
      return [field, index < 0 ? rows.column(field) : rows.values.length + index]
    })
  }

  rowOf(values: TextRow): TextRow {
    return values
  }

  fieldsOf(row: TextRow): Record<string, unknown> {
    const fields: Record<string, unknown> = {}
    for (const [field, index] of this.fields) {
      const text = row[index] as string | null
      fields[field] = text === null ? null : FROM_TEXT[this.rows.columnOf(field).type](text)
    }
    return fields
  }

  including(fields: readonly string[]): RowShape<TextRow> {
    return new TextShape(this.rows, this.list, fields)
  }
}

interface Place<Request> {
  /** The name of the row in SQL. */
  readonly row: string
  readonly depth: number
  readonly request: Request
}

function valueSql<Request>(value: Column | RelatedRows<Request>, place: Place<Request>): Prisma.Sql {
  if ('relation' in value) return relationSql(value, place)
  const name = `${place.row}.${value.name}`
  if (place.depth === 0) return Prisma.raw(name)
  // A JSON string has no control characters. Nor have the texts of the other types.
  return Prisma.raw(value.type === 'text' ? `coalesce(to_json(${name})::text, '')` : `coalesce(${name}::text, '')`)
}

function relationSql<Request>(
  related: RelatedRows<Request>,
  { row: parent, depth, request }: Place<Request>,
): Prisma.Sql {
  const { relation, rows, sliceOf } = related
  const { table } = rows
  // A name that no enclosing row has. It must stay short: PostgreSQL truncates names at 63 bytes.
  const row = `${table.name}_${rows.depth}`
  const values = rows.values.map((value) => valueSql(value, { row, depth: rows.depth, request }))
  const text =
    values.length === 0 ? EMPTY : Prisma.sql`concat_ws(${character(betweenValues(rows.depth))}, ${Prisma.join(values)})`
  const from = Prisma.raw(
    `FROM ${table.name} AS ${row} WHERE ${row}.${relation.foreignColumn} = ${parent}.${relation.localColumn}`,
  )
  const all = sliceOf
    ? Prisma.sql`string_agg(value, ${character(betweenRows(rows.depth))}) FROM (SELECT ${text} AS value ${from}${sliceSql(sliceOf(request), table, row)}) AS ${Prisma.raw(`${row}_values`)}`
    : Prisma.sql`${text} ${from}`
  const found = Prisma.sql`(SELECT ${PRESENT_SQL} || ${all})`
  return depth === 0 ? found : Prisma.sql`coalesce(${found}, '')`
}

/** The limit is part of the text: with a parameter, the generic plan assumes a large limit. */
function sliceSql({ field, direction, take, greaterThan, lessThan }: Slice, table: Table, row: string): Prisma.Sql {
  const column = Prisma.raw(`${row}.${table.columns[field]?.name}`)
  const lower = greaterThan === undefined ? Prisma.empty : Prisma.sql` AND ${column} > ${greaterThan}`
  const upper = lessThan === undefined ? Prisma.empty : Prisma.sql` AND ${column} < ${lessThan}`
  return Prisma.sql`${lower}${upper} ORDER BY ${column} ${Prisma.raw(`${direction} LIMIT ${take}`)}`
}

/** A character as a constant of SQL. */
function character(code: number): Prisma.Sql {
  return Prisma.raw(`E'\\x${code.toString(16).padStart(2, '0')}'`)
}

const EMPTY = Prisma.raw("''")
const PRESENT_SQL = Prisma.raw(`'${PRESENT}'`)
