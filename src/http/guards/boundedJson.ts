// Parses JSON from clients. Its shape is checked before it is parsed: parsed brackets take a
// hundred times the memory of their text, and code that walks over deeply nested values overflows
// the stack.
import { badRequest } from './badRequest.ts'
import { parseJson } from './parseJson.ts'

/**
 * Maximum nesting. Metadata and outputs may have 100 levels, and are nested some levels deep
 * themselves.
 */
const MAX_DEPTH = 200
/**
 * Maximum number of objects, arrays and their members: more than an output of the default limit can
 * have.
 */
const MAX_VALUES = 600_000
/**
 * Maximum number of objects and object members. Each takes many times the memory of its text, and a
 * new name takes many times as long to parse as a value. A batch of 1,000 jobs can have 50 members
 * of metadata in each.
 */
const MAX_MEMBERS = 60_000

const [QUOTE, COMMA, COLON, OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY] = [34, 44, 58, 91, 92, 93]
const [OPEN_OBJECT, CLOSE_OBJECT] = [123, 125]

/**
 * Parses a JSON text of limited depth and size. `name` is the subject of the message.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function parseBoundedJson(text: string, name: string): unknown {
  checkShape(text, name)
  return parseJson(text, name)
}

/** Does not check whether the text is JSON. @throws GraphQLError with the code BAD_USER_INPUT */
function checkShape(text: string, name: string): void {
  const { values, members } = countShape(text, name)
  if (values > MAX_VALUES) throw badRequest(`${name} must have at most ${MAX_VALUES} JSON values (got ${values}).`)
  if (members > MAX_MEMBERS) {
    throw badRequest(`${name} must have at most ${MAX_MEMBERS} JSON objects and object members (got ${members}).`)
  }
}

function countShape(text: string, name: string): { values: number; members: number } {
  let [depth, values, members] = [0, 0, 0]
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index)
        break
      case COMMA:
        values += 1
        break
      case COLON:
        members += 1
        break
      case OPEN_OBJECT:
        members += 1
        depth = nextDepth(depth, name)
        values += 1
        break
      case OPEN_ARRAY:
        depth = nextDepth(depth, name)
        values += 1
        break
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1
        break
      default:
    }
  }
  return { values, members }
}

function nextDepth(depth: number, name: string): number {
  if (depth === MAX_DEPTH) throw badRequest(`${name} must be JSON with at most ${MAX_DEPTH} levels of nesting.`)
  return depth + 1
}

/** The index of the quote that closes the string at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}
