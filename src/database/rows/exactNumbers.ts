// Keeps numbers of stored JSON that a JavaScript number cannot represent, such as 1e400 and
// 12345678901234567890. Other programs write them by SQL, and the API returns them unchanged.
// JSON.parse would round them, and Node 20 has no option against it. So they are marked in the text
// that PostgreSQL sends, and parsed as strings that equal no other string. `writeJson` turns those
// strings into numbers again.
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { writeDeepJson } from './deepJson.ts'

/** Random and secret, so that no stored or received text contains it. */
const MARK = `${randomUUID()}#`

/**
 * A JavaScript number represents any 15 digits exactly. With a decimal point, 15 characters are
 * safe. jsonb is written without exponents.
 */
const EXACT_CHARACTERS = 15

/**
 * Whether this process has ever marked a number. Until then, `writeJson` need not search for marks.
 */
let hasMarked = false
const MARKED = new RegExp(`"${MARK}(-?[\\d.]+)"`, 'g')

/** OIDs of json and jsonb (pg_type.dat). */
const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802])

const [QUOTE, BACKSLASH, MINUS, POINT, ZERO, NINE] = Array.from('"\\-.09', (character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
]

const isDigitOrPoint = (code: number): boolean => (code >= ZERO && code <= NINE) || code === POINT

/** The index after the digits and points that start at `from`. */
function endOfDigits(json: string, from: number): number {
  let end = from
  while (isDigitOrPoint(json.charCodeAt(end))) end += 1
  return end
}

/**
 * Whether a number may be too long. Checks every 16th character only: a longer run of digits
 * includes one of them.
 */
function mayHaveLongNumber(json: string): boolean {
  for (let at = EXACT_CHARACTERS; at < json.length; at += EXACT_CHARACTERS + 1) {
    if (!isDigitOrPoint(json.charCodeAt(at))) continue
    let start = at
    while (start > 0 && isDigitOrPoint(json.charCodeAt(start - 1))) start -= 1
    if (endOfDigits(json, at) - start > EXACT_CHARACTERS) return true
  }
  return false
}

/** Replaces the numbers that a JavaScript number cannot represent by marked strings. */
function markNumbers(json: string): string {
  if (!mayHaveLongNumber(json)) return json
  const parts: string[] = []
  let done = 0
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if (code === MINUS || isDigitOrPoint(code)) {
      const end = endOfDigits(json, at + 1)
      const number = json.slice(at, end)
      if (String(Number(number)) !== number) {
        parts.push(json.slice(done, at), `"${MARK}${number}"`)
        done = end
      }
      at = end
    } else at += 1
  }
  if (parts.length === 0) return json
  hasMarked = true
  return parts.join('') + json.slice(done)
}

/** The index after the string that starts at `from`. */
function endOfString(json: string, from: number): number {
  let at = from + 1
  for (let code = json.charCodeAt(at); code !== QUOTE; code = json.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1
  return at + 1
}

/** Types of a statement whose values stay as PostgreSQL sends them. */
export const AS_SENT = { getTypeParser: () => (value: string) => value }

/** Of an empty object or array. */
const EMPTY_LENGTH = 2

/** A copy of the statement that marks numbers in JSON columns before it parses them. */
export function withExactNumbers(statement: pg.QueryConfig | string): pg.QueryConfig | string {
  if (typeof statement === 'string' || statement.types === undefined) return statement
  if (statement.types === (AS_SENT as object)) return statement
  const { types } = statement
  const getTypeParser = (type: number, format?: 'text' | 'binary'): ((value: string) => unknown) => {
    const parse = types.getTypeParser(type, format as 'text') as (value: string) => unknown
    return JSON_TYPES.has(type) && format !== 'binary' ? (value) => parse(markNumbers(value)) : parse
  }
  return { ...statement, types: { getTypeParser } as pg.CustomTypesConfig }
}

/**
 * Does what JSON.stringify does, to any depth, and writes marked numbers as they are in the
 * database.
 */
export function writeJson(value: object): string {
  const json = writeDeepJson(value)
  return hasMarked && json.includes(MARK) ? json.replace(MARKED, '$1') : json
}

/** Writes JSON of the database as `writeJson` does what pg parses from it. */
export function rewriteJson(text: string): string {
  return text.length <= EMPTY_LENGTH ? text : writeJson(JSON.parse(markNumbers(text)))
}
