import type { JobFilter, JobState } from '../api/documents.generated.ts'
import { LIST_URL, urlWith } from '../paths.ts'
import type { StatsRow } from './series.ts'

interface Shown {
  readonly query: URLSearchParams
  /** The filter of the page, with the states. */
  readonly filter: JobFilter
}

/**
 * The list of the jobs that a row counts from `from` until `to`, as they are now: of a job that was
 * retried the list knows the last attempt only, and a job that was deleted is CANCELLED.
 */
export function jobsUrl({ jobs }: StatsRow, { from, to }: { from: number; to: number }, shown: Shown): string {
  const { query, filter } = shown
  const [after, before] = [`${jobs.time}After`, `${jobs.time}Before`] as const
  const bounds = {
    [after]: instant(Math.max(from, milliseconds(filter[after as keyof JobFilter], from))),
    [before]: instant(Math.min(to, milliseconds(filter[before as keyof JobFilter], to))),
  }
  const ownParameters = { from: null, to: null, bucket: null, view: null }
  return urlWith(LIST_URL, query, {
    ...ownParameters,
    ...bounds,
    state: commonStates(jobs.states, filter.states ?? []),
    includeDeleted: jobs.includeDeleted ? 'true' : null,
  })
}

/** The states of both; those of the filter if they have none in common, as a state may change. */
function commonStates(ofRow: readonly JobState[], ofFilter: readonly JobState[]): readonly JobState[] {
  if (ofRow.length === 0 || ofFilter.length === 0) return [...ofRow, ...ofFilter]
  const common = ofRow.filter((state) => ofFilter.includes(state))
  return common.length === 0 ? ofFilter : common
}

const milliseconds = (value: unknown, fallback: number): number =>
  typeof value === 'string' ? Date.parse(value) : fallback

const instant = (ms: number): string => new Date(ms).toISOString()
