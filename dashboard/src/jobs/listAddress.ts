// The list of jobs and its address: the same parameters as JobFilter has fields, so an address can
// be written by hand. Instants may be relative: `createdAfter=-7d`.
import type { JobFilter, JobOrder, JobState } from '../api/documents.generated.ts'
import { LIST_URL } from '../paths.ts'
import { DAY, HOUR, MINUTE } from '../view/instants.ts'
import { STATES } from '../view/stateNames.ts'
import { FILTER_FIELDS, type FilterField, parametersOf } from './filterFields.ts'

const PAGE_SIZE = 50

export const ORDERS = [
  { field: 'CREATED_AT', direction: 'DESC', label: 'Newest first' },
  { field: 'CREATED_AT', direction: 'ASC', label: 'Oldest first' },
  { field: 'UPDATED_AT', direction: 'DESC', label: 'Last changed first' },
  { field: 'UPDATED_AT', direction: 'ASC', label: 'Longest unchanged first' },
  { field: 'COMPLETED_AT', direction: 'DESC', label: 'Last ended first' },
  { field: 'COMPLETED_AT', direction: 'ASC', label: 'First ended first' },
] as const satisfies (JobOrder & { label: string })[]

export type ListOrder = (typeof ORDERS)[number]

export interface ListRequest {
  /** Without the states. */
  readonly filter: JobFilter
  readonly states: readonly JobState[]
  readonly order: ListOrder
  readonly after: string | undefined
  readonly before: string | undefined
  /** What is wrong with the values of the address, by parameter. They are left out. */
  readonly faults: Readonly<Record<string, string>>
}

/** Reads an address; `at` is what relative instants count from, in milliseconds. */
export function readAddress(query: URLSearchParams, at: number): ListRequest {
  const faults: Record<string, string> = {}
  const filter: Record<string, unknown> = {}
  for (const field of FILTER_FIELDS) {
    for (const parameter of parametersOf(field)) {
      const text = query.get(parameter)
      if (text === null || text === '') continue
      const value = filterValue(field, text, at)
      if (value === undefined) faults[parameter] = faultOf(field, text)
      else filter[parameter] = value
    }
  }
  return {
    filter: filter as JobFilter,
    states: STATES.filter((state) => query.getAll('state').includes(state)),
    order: ORDERS.find((order) => orderName(order) === query.get('order')) ?? ORDERS[0],
    after: query.get('before') === null ? (query.get('after') ?? undefined) : undefined,
    before: query.get('before') ?? undefined,
    faults,
  }
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
  const got = `(got "${text}")`
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
    const value = jsonFrom(trimmed)
    return typeof value === 'object' && value !== null ? value : undefined
  }
  const pairs = trimmed.split(',').map((pair) => {
    const [name = '', ...rest] = pair.split('=')
    return { name: name.trim(), value: rest.length === 0 ? undefined : rest.join('=').trim() }
  })
  if (pairs.some(({ name, value }) => name === '' || value === undefined)) return undefined
  return Object.fromEntries(pairs.map(({ name, value = '' }) => [name, jsonFrom(value) ?? value]))
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY }

function instantFrom(text: string, at: number): string | undefined {
  const [, count, unit] = /^-(\d{1,6})([mhd])$/.exec(text) ?? []
  const ms = unit === undefined ? Date.parse(text) : at - Number(count) * (UNITS[unit] ?? 0)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

function orderName({ field, direction }: JobOrder): string {
  return `${field}.${direction}`.toLowerCase()
}

/** The value of the parameter `order`; undefined for the default. */
export function orderParameter(order: ListOrder): string | undefined {
  return order === ORDERS[0] ? undefined : orderName(order)
}

/**
 * The address of the list with other parameters; null or undefined removes one. Starts at the first
 * page.
 */
export function listUrl(
  query: URLSearchParams,
  changes: Readonly<Record<string, string | readonly string[] | null | undefined>> = {},
): string {
  const changed = new URLSearchParams(query)
  changed.delete('after')
  changed.delete('before')
  for (const [name, value] of Object.entries(changes)) {
    changed.delete(name)
    for (const each of [value ?? []].flat()) if (each !== '') changed.append(name, each)
  }
  // Readable, as commas and equals signs may be in a query.
  const text = changed.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return text === '' ? LIST_URL : `${LIST_URL}?${text}`
}

/** The variables of the request for the page. */
export function pageVariables({ filter, states, order: { field, direction }, after, before }: ListRequest) {
  const isForward = before === undefined
  return {
    filter: withStates(filter, states),
    orderBy: { field, direction },
    first: isForward ? PAGE_SIZE : null,
    after: after ?? null,
    last: isForward ? null : PAGE_SIZE,
    before: before ?? null,
  }
}

export function withStates(filter: JobFilter, states: readonly JobState[]): JobFilter {
  return states.length === 0 ? filter : { ...filter, states: [...states] }
}

/** How many filters are set, without the states. */
export function filterCount(query: URLSearchParams): number {
  return FILTER_FIELDS.filter((field) => parametersOf(field).some((parameter) => query.has(parameter))).length
}

/** The address of the list without filters and states. */
export function withoutFilters(query: URLSearchParams): string {
  const all = FILTER_FIELDS.flatMap(parametersOf)
  return listUrl(query, Object.fromEntries([...all, 'state'].map((name) => [name, null])))
}
