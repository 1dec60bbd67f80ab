// The filter of the page: that of the list of jobs, without the fields that statistics ignore.
import type { JobFilter } from '../api/documents.generated.ts'
import { addressNotes } from '../filters/addressNotes.ts'
import { JOB_FIELDS, parametersOf } from '../filters/fields.ts'
import { type GivenFilter, readFilter } from '../filters/readFilter.ts'
import { STATISTICS_URL, urlWithout } from '../paths.ts'
import { STATES } from '../view/stateNames.ts'
import { BUCKET_SIZES } from './range.ts'

export const STATISTICS_FIELDS = JOB_FIELDS.filter(({ name }) => name !== 'includeDeleted')

/** Reads an address; `at` is what relative instants count from, in milliseconds. */
export function readStatisticsFilter(query: URLSearchParams, at: number): GivenFilter<JobFilter> {
  const { filter, faults } = readFilter<JobFilter>(STATISTICS_FIELDS, { query, at })
  const states = STATES.filter((state) => query.getAll('state').includes(state))
  return { filter: states.length === 0 ? filter : { ...filter, states }, faults }
}

const CHOICES = new Map<string, readonly string[]>([
  ['state', STATES],
  ['bucket', BUCKET_SIZES.map((size) => size.toLowerCase())],
  ['view', ['table']],
])

/** Sentences about parts of the address that have no effect. */
export function statisticsNotes(query: URLSearchParams): string[] {
  return addressNotes(query, { once: [...STATISTICS_FIELDS.flatMap(parametersOf), 'from', 'to'], choices: CHOICES })
}

/** The address of the page without filters; undefined if it has none. */
export function withoutFilters(query: URLSearchParams): string | undefined {
  return urlWithout(STATISTICS_URL, query, [...STATISTICS_FIELDS.flatMap(parametersOf), 'state'])
}
