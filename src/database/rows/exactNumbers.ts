// Numbers of stored JSON that a JavaScript number does not hold, such as 1e400 and 12345678901234567890. Other programs write them by SQL, and
// the API answers them as they are. JSON.parse would change them, and Node 20 has no way to keep them. So they are marked in the text that
// PostgreSQL sends, and become strings that no other string equals; whoever writes JSON makes numbers of them again.
import { randomUUID } from 'node:crypto'
import type pg from 'pg'

/** Nobody outside knows it, so no text that is stored or sent contains it. */
const MARK = `${randomUUID()}#`

/** Digits of a number that a JavaScript number might not hold: it holds any 15. jsonb is written without exponents. */
const LONG_NUMBER = /[\d.]{16}/
/** Strings, in which there are no numbers, and numbers. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs
const MARKED = new RegExp(`"${MARK}(-?[\\d.eE+-]+)"`, 'g')

/** pg_type.dat: json, jsonb. */
const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802])

/** JSON with marked strings in place of the numbers that would change. */
function markNumbers(json: string): string {
  if (!LONG_NUMBER.test(json)) return json
  return json.replace(STRING_OR_NUMBER, (part) =>
    part.startsWith('"') || String(Number(part)) === part ? part : `"${MARK}${part}"`,
  )
}

/** The statement, whose columns of JSON are marked before they are parsed. */
export function withExactNumbers(statement: pg.QueryConfig | string): pg.QueryConfig | string {
  if (typeof statement === 'string' || statement.types === undefined) return statement
  const { types } = statement
  const getTypeParser = (type: number, format?: 'text' | 'binary'): ((value: string) => unknown) => {
    const parse = types.getTypeParser(type, format as 'text') as (value: string) => unknown
    return JSON_TYPES.has(type) && format !== 'binary' ? (value) => parse(markNumbers(value)) : parse
  }
  return { ...statement, types: { getTypeParser } as pg.CustomTypesConfig }
}

/** As JSON.stringify does, with the numbers as the database has them. */
export function writeJson(value: object): string {
  const json = JSON.stringify(value)
  return json.includes(MARK) ? json.replace(MARKED, '$1') : json
}
