// Validates input against the limits before it reaches the database. Collects all issues, so that a
// caller sees them at once. storable.ts decides which text and JSON PostgreSQL can store.
import { UUID } from '../database/uuid.ts'
import { type InputIssue, InvalidInputError } from './errors.ts'
import { type Limits, MAX_INT } from './limits.ts'
import { jsonFault, textFault } from './storable.ts'

export type JsonObject = { [key: string]: unknown }

const MIN_INSTANT = new Date('0001-01-01T00:00:00.000Z')
const MAX_INSTANT = new Date('9999-12-31T23:59:59.999Z')

/** Whether the text is a UUID, the format of a job id. */
export function isJobId(text: string): boolean {
  return UUID.test(text)
}

type TextLimit = 'contentBytes' | 'reasonBytes' | 'errorMessageBytes'
type JsonLimit = 'metadataBytes' | 'outputBytes'

export class InputCheck {
  readonly issues: InputIssue[] = []
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Adds an issue of the value at `path`. */
  addIssue(path: string | string[], message: string): void {
    this.issues.push({ path: [path].flat(), message })
  }

  /** Checks the size of a text in bytes of UTF-8. */
  text(path: string, value: string | null | undefined, limit: TextLimit): void {
    if (value == null || !this.storable(path, value)) return
    const bytes = Buffer.byteLength(value)
    if (bytes > this.limits[limit]) this.addIssue(path, `must have at most ${this.limits[limit]} bytes (got ${bytes}).`)
  }

  /** Checks a name: 1 to `nameCharacters` characters. */
  name(path: string, value: string | null | undefined): void {
    if (value == null || !this.storable(path, value)) return
    const characters = [...value.slice(0, 4 * this.limits.nameCharacters)].length
    if (characters === 0 || value.length > 2 * this.limits.nameCharacters || characters > this.limits.nameCharacters) {
      this.addIssue(path, `must have 1 to ${this.limits.nameCharacters} characters (got ${[...value].length}).`)
    }
  }

  /** Checks an actor: a name without the prefix "db:", which marks direct edits of the tables. */
  actor(value: string): void {
    this.name('actor', value)
    if (value.startsWith('db:'))
      this.addIssue(
        'actor',
        `must not start with "db:", which is reserved for direct edits of the database (got "${value.slice(0, 50)}").`,
      )
  }

  /** Checks an integer from `min` to `max`. */
  integer(path: string | string[], value: number | null | undefined, min: number, max = MAX_INT): void {
    if (value == null) return
    if (!Number.isInteger(value) || value < min || value > max) {
      this.addIssue(path, `must be an integer from ${min} to ${max} (got ${value}).`)
    }
  }

  /** Checks an instant: in the years 1 to 9999, which both PostgreSQL and RFC 3339 support. */
  instant(path: string, value: Date | null | undefined): void {
    if (value == null || (value >= MIN_INSTANT && value <= MAX_INSTANT)) return
    const got = Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString()
    this.addIssue(path, `must be an instant in the years 1 to 9999 (got ${got}).`)
  }

  /** Checks the id of a job: a UUID. */
  uuid(path: string | string[], value: string): void {
    if (!isJobId(value)) this.addIssue(path, `must be the id of a job (got "${value.slice(0, 50)}").`)
  }

  /** Checks the size of a JSON value, and that it can be stored. */
  json(path: string, value: unknown, limit: JsonLimit): void {
    if (value == null) return
    const { fault, bytes } = typeof value === 'object' ? measureOnce(value) : measure(value)
    if (fault) this.addIssue(path, fault)
    else if (bytes > this.limits[limit])
      this.addIssue(path, `must have at most ${this.limits[limit]} bytes of JSON (got ${bytes}).`)
  }

  /** Checks a JSON object of at most `metadataBytes` bytes. */
  metadata(path: string, value: JsonObject | null | undefined): void {
    if (value == null) return
    if (typeof value !== 'object' || Array.isArray(value)) this.addIssue(path, 'must be a JSON object.')
    else this.json(path, value, 'metadataBytes')
  }

  /** @throws InvalidInputError with all issues, if there are any */
  throwIfAny(): void {
    if (this.issues.length > 0) throw new InvalidInputError(this.issues)
  }

  private storable(path: string, text: string): boolean {
    const fault = textFault(text)
    if (fault) this.addIssue(path, fault)
    return fault === undefined
  }
}

interface MeasuredJson {
  readonly fault: string | undefined
  /** Size in UTF-8; 0 if the value has a fault. */
  readonly bytes: number
}

/**
 * Many fields may use the same variable, and its JSON may be large, so it is measured once. It must
 * not be modified later.
 */
const measured = new WeakMap<object, MeasuredJson>()

function measureOnce(value: object): MeasuredJson {
  const known = measured.get(value)
  if (known !== undefined) return known
  const json = measure(value)
  measured.set(value, json)
  return json
}

function measure(value: unknown): MeasuredJson {
  const fault = jsonFault(value)
  return { fault, bytes: fault === undefined ? Buffer.byteLength(JSON.stringify(value)) : 0 }
}
