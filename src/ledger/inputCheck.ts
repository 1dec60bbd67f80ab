// Checks what callers give against the limits before the database sees it, and collects every fault, so that a caller learns all of
// them at once. What can be stored at all is said in storable.ts.
import { UUID } from '../database/uuid.ts'
import { type InputIssue, InvalidInputError } from './errors.ts'
import { type Limits, MAX_INT } from './limits.ts'
import { jsonFault, textFault } from './storable.ts'

export type JsonObject = { [key: string]: unknown }

const MIN_INSTANT = new Date('0001-01-01T00:00:00.000Z')
const MAX_INSTANT = new Date('9999-12-31T23:59:59.999Z')

/** Whether it has the form of a job's id. */
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

  /** Notes a fault of the value at `path`. */
  addIssue(path: string | string[], message: string): void {
    this.issues.push({ path: [path].flat(), message })
  }

  /** Text of at most so many bytes of UTF-8. */
  text(path: string, value: string | null | undefined, limit: TextLimit): void {
    if (value == null || !this.storable(path, value)) return
    const bytes = Buffer.byteLength(value)
    if (bytes > this.limits[limit]) this.addIssue(path, `is ${bytes} bytes long; the limit is ${this.limits[limit]}.`)
  }

  /** A name: 1 to `nameCharacters` characters. */
  name(path: string, value: string | null | undefined): void {
    if (value == null || !this.storable(path, value)) return
    const characters = [...value.slice(0, 4 * this.limits.nameCharacters)].length
    if (characters === 0 || value.length > 2 * this.limits.nameCharacters || characters > this.limits.nameCharacters) {
      this.addIssue(path, `is ${[...value].length} characters long; 1 to ${this.limits.nameCharacters} are allowed.`)
    }
  }

  /** Who acts: a name. "db:" marks those who edit the tables directly, so nobody else may call himself that. */
  actor(value: string): void {
    this.name('actor', value)
    if (value.startsWith('db:'))
      this.addIssue(
        'actor',
        `begins with "db:", which is kept for direct edits of the database; "${value.slice(0, 50)}" came.`,
      )
  }

  /** A whole number from `least` up to `most`, by default the largest that an Int holds. */
  integer(path: string | string[], value: number | null | undefined, least: number, most = MAX_INT): void {
    if (value == null) return
    if (!Number.isInteger(value) || value < least || value > most) {
      this.addIssue(path, `must be a whole number from ${least} to ${most}; ${value} came.`)
    }
  }

  /** An instant that PostgreSQL and RFC 3339 both know: of the years 1 to 9999. */
  instant(path: string, value: Date | null | undefined): void {
    if (value == null || (value >= MIN_INSTANT && value <= MAX_INSTANT)) return
    const given = Number.isNaN(value.getTime()) ? 'none' : value.toISOString()
    this.addIssue(path, `must be an instant of the years 1 to 9999; ${given} came.`)
  }

  /** The id of a job: a UUID. */
  uuid(path: string | string[], value: string): void {
    if (!isJobId(value)) this.addIssue(path, `must be the id of a job (got "${value.slice(0, 50)}").`)
  }

  /** Any JSON of at most so many bytes. */
  json(path: string, value: unknown, limit: JsonLimit): void {
    if (value == null) return
    const { fault, bytes } = typeof value === 'object' ? measureOnce(value) : measure(value)
    if (fault) this.addIssue(path, fault)
    else if (bytes > this.limits[limit])
      this.addIssue(path, `is ${bytes} bytes of JSON; the limit is ${this.limits[limit]}.`)
  }

  /** A JSON object of at most `metadataBytes` bytes. */
  metadata(path: string, value: JsonObject | null | undefined): void {
    if (value == null) return
    if (typeof value !== 'object' || Array.isArray(value)) this.addIssue(path, 'must be a JSON object.')
    else this.json(path, value, 'metadataBytes')
  }

  /** @throws InvalidInputError naming every fault that was found. */
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
  /** Of UTF-8; 0 if there is a fault. */
  readonly bytes: number
}

/** A variable may stand in many fields, and its JSON may be large: it is measured once. It must not change after that. */
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
