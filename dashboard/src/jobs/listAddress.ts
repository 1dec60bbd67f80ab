// The list of jobs and its address: the same parameters as JobFilter has fields, so an address can
// be written by hand. Instants may be relative: `createdAfter=-7d`.
import type { JobFilter, JobOrder, JobState } from '../api/documents.generated.ts'
import { type Position, pageArguments, positionOf } from '../api/position.ts'
import { addressNotes } from '../filters/addressNotes.ts'
import { JOB_FIELDS, parametersOf } from '../filters/fields.ts'
import { type GivenFilter, readFilter } from '../filters/readFilter.ts'
import { LIST_URL, type ParameterChanges, urlWith, urlWithout } from '../paths.ts'
import { STATES } from '../view/stateNames.ts'

export const ORDERS = [
  { field: 'CREATED_AT', direction: 'DESC', label: 'Newest first' },
  { field: 'CREATED_AT', direction: 'ASC', label: 'Oldest first' },
  { field: 'UPDATED_AT', direction: 'DESC', label: 'Last changed first' },
  { field: 'UPDATED_AT', direction: 'ASC', label: 'Longest unchanged first' },
  { field: 'COMPLETED_AT', direction: 'DESC', label: 'Last ended first' },
  { field: 'COMPLETED_AT', direction: 'ASC', label: 'First ended first' },
] as const satisfies (JobOrder & { label: string })[]

export type ListOrder = (typeof ORDERS)[number]

export interface ListRequest extends GivenFilter<JobFilter>, Position {
  readonly states: readonly JobState[]
  readonly order: ListOrder
  /** Sentences about parts of the address that have no effect. */
  readonly notes: readonly string[]
}

/** Reads an address; `at` is what relative instants count from, in milliseconds. */
export function readAddress(query: URLSearchParams, at: number): ListRequest {
  return {
    ...readFilter<JobFilter>(JOB_FIELDS, { query, at }),
    states: STATES.filter((state) => query.getAll('state').includes(state)),
    order: ORDERS.find((order) => orderName(order) === query.get('order')) ?? ORDERS[0],
    ...positionOf(query),
    notes: addressNotes(query, {
      once: [...JOB_FIELDS.flatMap(parametersOf), 'after', 'before'],
      choices: new Map([
        ['state', STATES],
        ['order', ORDERS.map(orderName)],
      ] as [string, readonly string[]][]),
    }),
  }
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
export function listUrl(query: URLSearchParams, changes: ParameterChanges = {}): string {
  return urlWith(LIST_URL, query, changes)
}

/** The variables of a request for the list. */
export function listVariables(list: ListRequest) {
  const { field, direction } = list.order
  return { filter: withStates(list.filter, list.states), orderBy: { field, direction } }
}

/** The variables of the request for the page, which has at most `size` jobs. */
export function pageVariables(list: ListRequest, size: number) {
  return { ...listVariables(list), ...pageArguments(list, size) }
}

export function withStates(filter: JobFilter, states: readonly JobState[]): JobFilter {
  return states.length === 0 ? filter : { ...filter, states: [...states] }
}

/** The address of the list without filters and states; undefined if it has none. */
export function withoutFilters(query: URLSearchParams): string | undefined {
  return urlWithout(LIST_URL, query, [...JOB_FIELDS.flatMap(parametersOf), 'state'])
}
