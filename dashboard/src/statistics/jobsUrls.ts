import type { JobFilter, JobState } from '../api/documents.generated.ts'
import { LIST_URL, urlWith } from '../paths.ts'
import type { Span } from './range.ts'
import type { StatsRow } from './series.ts'

interface Shown {
  readonly query: URLSearchParams
  /** The filter of the page, with the states. */
  readonly filter: JobFilter
}

/**
 * The address of the jobs that a row counts in a time. The list shows jobs as they are now: a
 * retried job with its last attempt only, a deleted job as CANCELLED. A table needs thousands of
 * addresses, which differ in the time only.
 */
export function jobsUrls({ jobs }: StatsRow, { query, filter }: Shown): (time: Span) => string {
  const [after, before] = [`${jobs.time}After`, `${jobs.time}Before`] as const
  const url = urlWith(LIST_URL, query, {
    ...{ from: null, to: null, bucket: null, view: null },
    ...{ [after]: null, [before]: null },
    state: commonStates(jobs.states, filter.states ?? []),
    includeDeleted: jobs.includeDeleted ? 'true' : null,
  })
  const start = url.includes('?') ? `${url}&` : `${url}?`
  const first = milliseconds(filter[after], Number.NEGATIVE_INFINITY)
  const end = milliseconds(filter[before], Number.POSITIVE_INFINITY)
  return ({ from, to }) => `${start}${after}=${instant(Math.max(from, first))}&${before}=${instant(Math.min(to, end))}`
}

/** The states of both; those of the filter if they have none in common, as a state may change. */
function commonStates(ofRow: readonly JobState[], ofFilter: readonly JobState[]): readonly JobState[] {
  if (ofRow.length === 0 || ofFilter.length === 0) return [...ofRow, ...ofFilter]
  const common = ofRow.filter((state) => ofFilter.includes(state))
  return common.length === 0 ? ofFilter : common
}

const milliseconds = (value: string | null | undefined, fallback: number): number =>
  value == null ? fallback : Date.parse(value)

const instant = (ms: number): string => new Date(ms).toISOString()
