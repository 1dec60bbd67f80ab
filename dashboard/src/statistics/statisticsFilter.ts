// The filter of the page: that of the list of jobs, without what the statistics ignore.
import type { JobFilter } from '../api/documents.generated.ts'
import { JOB_FIELDS, parametersOf } from '../filters/fields.ts'
import { type GivenFilter, readFilter } from '../filters/readFilter.ts'
import { urlWith } from '../paths.ts'
import { STATES } from '../view/stateNames.ts'

export const STATISTICS_FIELDS = JOB_FIELDS.filter(({ name }) => name !== 'includeDeleted')

/** Reads an address; `at` is what relative instants count from, in milliseconds. */
export function readStatisticsFilter(query: URLSearchParams, at: number): GivenFilter<JobFilter> {
  const { filter, faults } = readFilter<JobFilter>(STATISTICS_FIELDS, { query, at })
  const states = STATES.filter((state) => query.getAll('state').includes(state))
  return { filter: states.length === 0 ? filter : { ...filter, states }, faults }
}

/** The address of the page without filters; undefined if it has none. */
export function withoutFilters(path: string, query: URLSearchParams): string | undefined {
  const set = [...STATISTICS_FIELDS.flatMap(parametersOf), 'state'].filter((name) => query.has(name))
  return set.length === 0 ? undefined : urlWith(path, query, Object.fromEntries(set.map((name) => [name, null])))
}
