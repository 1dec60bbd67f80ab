// Numbers of stored JSON that a JavaScript number does not hold, such as 1e400 and 12345678901234567890. Other programs write them by SQL, and
// the API answers them as they are. JSON.parse would change them, and Node 20 has no way to keep them. So they are marked in the text that
// PostgreSQL sends, and become strings that no other string equals; whoever writes JSON makes numbers of them again.
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { writeDeepJson } from './deepJson.ts'

/** Nobody outside knows it, so no text that is stored or sent contains it. */
const MARK = `${randomUUID()}#`

/** A JavaScript number holds any 15 digits; with a point among them, so many characters. jsonb is written without exponents. */
const EXACT_CHARACTERS = 15

/** Whether this process has ever marked a number: until then nothing that it writes needs to be looked at. */
let hasMarked = false
const MARKED = new RegExp(`"${MARK}(-?[\\d.]+)"`, 'g')

/** pg_type.dat: json, jsonb. */
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

/** Where the digits and points end that stand at `from`. */
function endOfDigits(json: string, from: number): number {
  let end = from
  while (isDigitOrPoint(json.charCodeAt(end))) end += 1
  return end
}

/** Whether there may be a number that would change. Looks at every 16th character only: longer runs of digits cannot lie in between. */
function mayHaveLongNumber(json: string): boolean {
  for (let at = EXACT_CHARACTERS; at < json.length; at += EXACT_CHARACTERS + 1) {
    if (!isDigitOrPoint(json.charCodeAt(at))) continue
    let begin = at
    while (begin > 0 && isDigitOrPoint(json.charCodeAt(begin - 1))) begin -= 1
    if (endOfDigits(json, at) - begin > EXACT_CHARACTERS) return true
  }
  return false
}

/** JSON with marked strings in place of the numbers that would change. */
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

/** Behind the string that begins at `from`. */
function endOfString(json: string, from: number): number {
  let at = from + 1
  for (let code = json.charCodeAt(at); code !== QUOTE; code = json.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1
  return at + 1
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

/** As JSON.stringify does, with the numbers as the database has them, and to any depth. */
export function writeJson(value: object): string {
  const json = writeDeepJson(value)
  return hasMarked && json.includes(MARK) ? json.replace(MARKED, '$1') : json
}
