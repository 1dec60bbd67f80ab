// Reads filters from an address, which can be written by hand.
import type { JobState } from '../api/documents.generated.ts'
import { exactJson } from '../api/exactJson.ts'
import { DAY, HOUR, MINUTE } from '../view/instants.ts'
import { STATES } from '../view/stateNames.ts'
import { quoted } from './addressNotes.ts'
import { type FilterField, parametersOf } from './fields.ts'

export interface GivenFilter<Filter> {
  readonly filter: Filter
  /** What is wrong with the values of the address, by parameter. They are left out. */
  readonly faults: Readonly<Record<string, string>>
}

interface AddressToRead {
  readonly query: URLSearchParams
  /** What relative instants count from, in milliseconds. */
  readonly at: number
}

/** Reads the fields, which must be those of `Filter`. */
export function readFilter<Filter>(fields: readonly FilterField[], { query, at }: AddressToRead): GivenFilter<Filter> {
  const faults: Record<string, string> = {}
  const filter: Record<string, unknown> = {}
  for (const field of fields) {
    for (const parameter of parametersOf(field)) {
      const text = query.get(parameter)
      if (text === null || text === '') continue
      const value = filterValue(field, text, at)
      if (value === undefined) faults[parameter] = faultOf(field, text)
      else filter[parameter] = value
    }
  }
  return { filter: filter as Filter, faults }
}

function filterValue(field: FilterField, text: string, at: number): unknown {
  switch (field.kind) {
    case 'text':
      return text
    case 'names':
      return listFrom(text)
    case 'states':
      return statesFrom(text)
    case 'object':
      return objectFrom(text)
    case 'time':
      return instantFrom(text, at)
    case 'flag':
      return text === 'true' || undefined
  }
}

function faultOf(field: FilterField, text: string): string {
  const got = `(got ${quoted(text)})`
  if (field.kind === 'object') return `must be a JSON object, or pairs such as ${field.example} ${got}.`
  if (field.kind === 'time') return `must be an instant, or relative such as -24h ${got}.`
  if (field.kind === 'states') return `must be states of ${STATES.join(', ')} ${got}.`
  return `must be true ${got}.`
}

function listFrom(text: string): string[] {
  return text.split(',').flatMap((name) => name.trim() || [])
}

function statesFrom(text: string): JobState[] | undefined {
  const names = listFrom(text.toUpperCase())
  const states = STATES.filter((state) => names.includes(state))
  return states.length === new Set(names).size ? states : undefined
}

/**
 * A JSON object as it is, or pairs `key=value` with commas. A value that is JSON is read as JSON.
 */
function objectFrom(text: string): object | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    const value = exactJson(trimmed)
    return typeof value === 'object' && value !== null ? value : undefined
  }
  const pairs = trimmed.split(',').map((pair) => {
    const [name = '', ...rest] = pair.split('=')
    return { name: name.trim(), value: rest.length === 0 ? undefined : rest.join('=').trim() }
  })
  if (pairs.some(({ name, value }) => name === '' || value === undefined)) return undefined
  return Object.fromEntries(pairs.map(({ name, value = '' }) => [name, exactJson(value) ?? value]))
}

const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY }

const ISO_INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

/** An instant, or a relative one such as -7d; undefined if `text` is neither. */
export function instantFrom(text: string, at: number): string | undefined {
  const [, count, unit] = /^-(\d{1,6})([mhd])$/.exec(text) ?? []
  // In an address, a plus sign is a space.
  const iso = text.replace(' ', '+')
  const ms = unit === undefined ? Date.parse(ISO_INSTANT.test(iso) ? iso : '') : at - Number(count) * (UNITS[unit] ?? 0)
  if (Number.isNaN(ms)) return undefined
  const instant = new Date(ms).toISOString()
  // The API has no years of more digits.
  return ISO_INSTANT.test(instant) ? instant : undefined
}
