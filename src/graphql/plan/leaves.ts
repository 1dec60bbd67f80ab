// Writes leaves of the response: scalars and enums, from the texts of their columns or from the
// values of resolvers.
import {
  type GraphQLEnumType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql'
import { rewriteJson } from '../../database/rows/exactNumbers.ts'
import type { TextRow } from '../../database/rows/rowShape.ts'
import { FROM_TEXT } from '../../database/rows/selectList.ts'
import type { ColumnType } from '../../database/rows/tables.ts'
import type { TextRows } from '../../database/rows/textRows.ts'
import type { FieldRequest } from './fieldRequest.ts'
import { Unplanned } from './unplanned.ts'

/** Writes a value of a row as JSON. */
export type Write = (row: TextRow, request: FieldRequest) => string

type WriteText = (text: string) => string

const quoted: WriteText = (text) => `"${text}"`
const asItIs: WriteText = (text) => text

/** By the scalar, then by the type of the column. `string` is a JSON string already. */
const SCALARS: Readonly<Record<string, Partial<Record<ColumnType | 'string', WriteText>>>> = {
  String: { text: JSON.stringify, string: asItIs, uuid: quoted, enum: quoted },
  UUID: { uuid: quoted },
  Int: { int: asItIs },
  DateTime: { instant: (text) => `"${isoInstant(text)}"` },
  JSON: { json: rewriteJson },
  JSONObject: { json: jsonObject },
}

/**
 * Reads a column, and returns what writes its value as a field of the type.
 *
 * @throws Unplanned if the type cannot be written from the column
 */
export function columnWriter<Request>(rows: TextRows<Request>, field: string, type: GraphQLOutputType): Write {
  const named = isNonNullType(type) ? type.ofType : type
  const { type: columnType } = rows.columnOf(field)
  const index = rows.column(field)
  const write = isEnumType(named)
    ? enumWriter(named, columnType, rows.isQuoted(field))
    : scalarWriter(named, rows.isQuoted(field) ? 'string' : columnType)
  const isNull = rows.depth === 0 ? (text: string | null) => text === null : (text: string | null) => text === ''
  const ofNull = isNonNullType(type) ? refuseNull : writeNull
  if (!MAY_BE_LARGE.has(columnType)) {
    return (row) => {
      const text = row[index] as string
      return isNull(text) ? ofNull() : write(text)
    }
  }
  return (row, request) => {
    const text = row[index] as string
    return isNull(text) ? ofNull() : request.addWritten(write(text))
  }
}

/** Columns whose size only the limits of the ledger bound. The number of the others is bounded. */
const MAY_BE_LARGE: ReadonlySet<ColumnType> = new Set(['text', 'json'])

const writeNull = (): string => 'null'

function refuseNull(): never {
  throw new Unplanned('A value that must not be null is null.')
}

function scalarWriter(type: GraphQLOutputType, columnType: ColumnType | 'string'): WriteText {
  const write = SCALARS[String(type)]?.[columnType]
  if (write === undefined) throw new Unplanned(`A plan cannot write ${type} from ${columnType}.`)
  return write
}

function enumWriter(type: GraphQLEnumType, columnType: ColumnType, isQuoted: boolean): WriteText {
  const names = new Map(type.getValues().map(({ name, value }) => [value, JSON.stringify(name)]))
  const parse = FROM_TEXT[columnType]
  return (text) => names.get(parse(isQuoted ? JSON.parse(text) : text)) ?? refuse(`${type} has no value for ${text}.`)
}

function refuse(message: string): never {
  throw new Unplanned(message)
}

function jsonObject(text: string): string {
  return text.startsWith('{') ? rewriteJson(text) : refuse('The value is not a JSON object.')
}

/** Sessions are in UTC and write "2026-01-02 03:04:05.678+00", without zeros at the end. */
function isoInstant(text: string): string {
  if (text[10] !== ' ' || !text.endsWith('+00')) return unusualInstant(text)
  const milliseconds = text.slice(20, -3).slice(0, 3).padEnd(3, '0')
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`
}

/** For years beyond 9999. */
function unusualInstant(text: string): string {
  const instant = FROM_TEXT.instant(text) as Date
  return Number.isNaN(instant.getTime()) ? refuse(`${text} is not an instant.`) : instant.toISOString()
}

/** Writes the value of a resolver. @throws Unplanned if it is not of the type */
export function writeValue(type: GraphQLOutputType, value: unknown): string {
  if (isNonNullType(type)) return value == null ? refuseNull() : writeValue(type.ofType, value)
  if (value == null) return 'null'
  if (isListType(type)) return `[${(value as unknown[]).map((item) => writeValue(type.ofType, item)).join()}]`
  if (!isLeafType(type)) throw new Unplanned(`A plan cannot write ${type}.`)
  return writeLeaf(type, value)
}

function writeLeaf(type: GraphQLLeafType, value: unknown): string {
  try {
    return JSON.stringify(type.serialize(value))
  } catch (error) {
    throw new Unplanned(`The value is not a ${type}.`, { cause: error })
  }
}
