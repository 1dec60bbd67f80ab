// Finds where a text stops being JSON (RFC 8259). The messages of JSON.parse differ between versions of Node, name the position of some
// faults only, and repeat parts of the text.

import { badRequest } from './badRequest.ts'

/**
 * The value of a JSON text. `name` is what a message calls the text, which must not nest deeper than the stack reaches.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT that says what is wrong and where
 */
export function parseJson(text: string, name: string): unknown {
  let fault: string
  try {
    return JSON.parse(text)
  } catch {
    fault = new JsonScan(text).fault()
  }
  throw badRequest(`${name} is not JSON: ${fault}.`)
}

const WHITESPACE = /[ \t\n\r]*/y
/** Must match where it begins; a match of nothing is none. */
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)?/y
/** Up to the first character that a string cannot have as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))?/y

class Fault extends Error {}

/** Descends as deep as the text nests. */
class JsonScan {
  private readonly text: string
  private position = 0

  constructor(text: string) {
    this.text = text
  }

  /** What is wrong and where, such as `expected ":" at line 1, column 9 (got "}")`. */
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

  /** Returns how many characters matched. */
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
