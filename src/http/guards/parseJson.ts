// Parses JSON (RFC 8259) with messages that name the position of an error. The messages of
// JSON.parse differ between versions of Node, often have no position, and repeat parts of the text.
import { badRequest } from './badRequest.ts'

/**
 * Parses a JSON text, which must not be nested deeper than the stack allows. `name` is the subject
 * of the message.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT that names the error and its position
 */
export function parseJson(text: string, name: string): unknown {
  let fault: string
  try {
    return JSON.parse(text)
  } catch {
    fault = new JsonScan(text).fault()
  }
  throw badRequest(`${name} is not valid JSON: ${fault}.`)
}

const WHITESPACE = /[ \t\n\r]*/y
/** An empty match means no match. */
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)?/y
/** Up to the first character that must be escaped in a string. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for control characters
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))?/y

class Fault extends Error {}

/** Recursive: one call for each level of nesting. */
class JsonScan {
  private readonly text: string
  private position = 0

  constructor(text: string) {
    this.text = text
  }

  /** The error and its position, such as `expected ":" at line 1, column 9 (got "}")`. */
  fault(): string {
    try {
      this.value('a value')
      this.next()
      return this.fail('the end')
    } catch (error) {
      if (error instanceof Fault) return error.message
      throw error
    }
  }

  private value(expected: string): void {
    const first = this.next()
    if (first === '{') this.members()
    else if (first === '[') this.items()
    else if (first === '"') this.string()
    else if (this.skip(SCALAR) === 0) this.fail(expected)
  }

  private members(): void {
    this.position += 1
    if (this.take('}')) return
    for (let expected = 'a name in quotes or "}"'; ; expected = 'a name in quotes') {
      if (this.next() !== '"') this.fail(expected)
      this.string()
      if (!this.take(':')) this.fail('":"')
      this.value('a value')
      if (this.take('}')) return
      if (!this.take(',')) this.fail('"," or "}"')
    }
  }

  private items(): void {
    this.position += 1
    if (this.take(']')) return
    for (let expected = 'a value or "]"'; ; expected = 'a value') {
      this.value(expected)
      if (this.take(']')) return
      if (!this.take(',')) this.fail('"," or "]"')
    }
  }

  private string(): void {
    this.position += 1
    do this.skip(PLAIN_CHARACTERS)
    while (this.skip(ESCAPE) > 0)
    if (this.text[this.position] !== '"') this.fail('a character of a string, an escape or the closing quote')
    this.position += 1
  }

  /** The next character that is not whitespace; empty at the end. */
  private next(): string {
    this.skip(WHITESPACE)
    return this.text.charAt(this.position)
  }

  private take(character: string): boolean {
    if (this.next() !== character) return false
    this.position += 1
    return true
  }

  /** Skips a match at the position. Returns its length. */
  private skip(pattern: RegExp): number {
    const start = this.position
    pattern.lastIndex = start
    pattern.test(this.text)
    this.position = pattern.lastIndex
    return this.position - start
  }

  private fail(expected: string): never {
    const lines = this.text.slice(0, this.position).split('\n')
    const column = [...(lines.at(-1) ?? '')].length + 1
    throw new Fault(`expected ${expected} at line ${lines.length}, column ${column} (got ${this.found()})`)
  }

  private found(): string {
    const character = String.fromCodePoint(this.text.codePointAt(this.position) ?? 0)
    if (this.position >= this.text.length) return 'the end'
    if (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(character)) return JSON.stringify(character)
    return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
  }
}
