// Checks what callers give before the database sees it, and collects every fault, so that a caller learns all of them at
// once. It refuses what PostgreSQL cannot keep (NUL, lone surrogates) and what JavaScript has already garbled (large integers).
import { type InputIssue, InvalidInputError } from './errors.ts'
import type { Limits } from './limits.ts'

export type JsonObject = { [key: string]: unknown }

const LARGEST_INT = 2_147_483_647
/** Deeper values are refused: PostgreSQL and JSON.stringify both recurse, and both have an end. */
const JSON_DEPTH = 100
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

type TextLimit = 'contentBytes' | 'reasonBytes' | 'errorMessageBytes'
type JsonLimit = 'metadataBytes' | 'outputBytes'

export class InputCheck {
  readonly issues: InputIssue[] = []
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Notes a fault of the value at `path`. */
  refuse(path: string | string[], message: string): void {
    this.issues.push({ path: [path].flat(), message })
  }

  /** Text of at most so many bytes of UTF-8. */
  text(path: string, value: string | null | undefined, limit: TextLimit): void {
    if (value == null || !this.storable(path, value)) return
    const bytes = Buffer.byteLength(value)
    if (bytes > this.limits[limit]) this.refuse(path, `is ${bytes} bytes long; the limit is ${this.limits[limit]}.`)
  }

  /** A name: 1 to `nameCharacters` characters. */
  name(path: string, value: string | null | undefined): void {
    if (value == null || !this.storable(path, value)) return
    const characters = [...value.slice(0, 4 * this.limits.nameCharacters)].length
    if (characters === 0 || value.length > 2 * this.limits.nameCharacters || characters > this.limits.nameCharacters) {
      this.refuse(path, `is ${[...value].length} characters long; 1 to ${this.limits.nameCharacters} are allowed.`)
    }
  }

  /** Who acts: a name. "db:" marks those who edit the tables directly, so nobody else may call himself that. */
  actor(value: string): void {
    this.name('actor', value)
    if (value.startsWith('db:')) this.refuse('actor', `begins with "db:", which is kept for direct edits of the database; "${value.slice(0, 50)}" came.`)
  }

  /** A whole number from `least` up to `most`, by default the largest that an Int holds. */
  wholeNumber(path: string, value: number | null | undefined, least: number, most = LARGEST_INT): void {
    if (value == null) return
    if (!Number.isInteger(value) || value < least || value > most) {
      this.refuse(path, `must be a whole number from ${least} to ${most}; ${value} came.`)
    }
  }

  uuid(path: string, value: string): void {
    if (!UUID.test(value)) this.refuse(path, `must be a UUID; "${value.slice(0, 50)}" came.`)
  }

  /** Any JSON of at most so many bytes. */
  json(path: string, value: unknown, limit: JsonLimit): void {
    if (value == null || !this.keepable(path, value)) return
    const bytes = Buffer.byteLength(JSON.stringify(value))
    if (bytes > this.limits[limit]) this.refuse(path, `is ${bytes} bytes of JSON; the limit is ${this.limits[limit]}.`)
  }

  /** A JSON object of at most `metadataBytes` bytes. */
  metadata(path: string, value: JsonObject | null | undefined): void {
    if (value == null) return
    if (typeof value !== 'object' || Array.isArray(value)) this.refuse(path, 'must be a JSON object.')
    else this.json(path, value, 'metadataBytes')
  }

  /** @throws InvalidInputError naming every fault that was found. */
  done(): void {
    if (this.issues.length > 0) throw new InvalidInputError(this.issues)
  }

  private storable(path: string, text: string): boolean {
    const fault = textFault(text)
    if (fault) this.refuse(path, fault)
    return fault === undefined
  }

  // Walks without recursion: the value may be nested deeper than the stack is.
  private keepable(path: string, root: unknown): boolean {
    const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }]
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { value, depth } = next
      let fault: string | undefined
      if (typeof value === 'string') fault = textFault(value)
      else if (typeof value === 'number') fault = numberFault(value)
      else if (typeof value === 'object' && value !== null) {
        if (depth > JSON_DEPTH) fault = `is nested deeper than ${JSON_DEPTH} levels.`
        else if (Array.isArray(value)) for (const item of value) pending.push({ value: item, depth: depth + 1 })
        else {
          for (const [key, item] of Object.entries(value)) {
            fault ??= textFault(key)
            pending.push({ value: item, depth: depth + 1 })
          }
        }
      } else if (typeof value !== 'boolean' && value !== null) fault = `holds a ${typeof value}, which JSON does not know.`
      if (fault) {
        this.refuse(path, fault)
        return false
      }
    }
    return true
  }
}

function textFault(text: string): string | undefined {
  const nul = text.indexOf('\0')
  if (nul >= 0) return `holds a NUL character at position ${nul}; PostgreSQL cannot store one.`
  if (!text.isWellFormed()) return 'holds half of a surrogate pair, which is not valid Unicode.'
  return undefined
}

function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return `holds ${value}, which JSON does not know.`
  // A larger integer was rounded when the JSON was parsed; keeping it would keep something the caller did not send.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `holds an integer beyond ±${Number.MAX_SAFE_INTEGER}, which cannot be kept exactly; send it as a string.`
  }
  return undefined
}
