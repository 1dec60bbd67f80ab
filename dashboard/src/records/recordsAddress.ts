// The list of records and its address. Its parameters are the fields of JobStateRecordFilter; only
// its instants are called `timeAfter` and `timeBefore`, as `after` and `before` are cursors.
import type { JobStateRecordFilter } from '../api/documents.generated.ts'
import { type Position, positionOf } from '../api/position.ts'
import { addressNotes } from '../filters/addressNotes.ts'
import { type FieldOf, parametersOf } from '../filters/fields.ts'
import { type GivenFilter, readFilter } from '../filters/readFilter.ts'
import { RECORDS_URL, urlWithout } from '../paths.ts'

type AddressFilter = Omit<JobStateRecordFilter, 'after' | 'before'> & {
  readonly timeAfter?: string
  readonly timeBefore?: string
}

export const RECORD_FIELDS: readonly FieldOf<AddressFilter>[] = [
  { kind: 'text', name: 'actor', label: 'Actor', example: 'key:worker-1' },
  { kind: 'text', name: 'userId', label: 'User', example: 'ada' },
  { kind: 'states', name: 'newStates', label: 'To state', example: 'FAILED, CANCELLED' },
  { kind: 'states', name: 'previousStates', label: 'From state', example: 'PROCESSING' },
  { kind: 'time', name: 'time', label: 'Time' },
  { kind: 'text', name: 'jobId', label: 'Job', example: '01a20…' },
]

export interface RecordsRequest extends GivenFilter<JobStateRecordFilter>, Position {
  /** Sentences about parts of the address that have no effect. */
  readonly notes: readonly string[]
}

/** Reads an address; `at` is what relative instants count from, in milliseconds. */
export function readRecordsAddress(query: URLSearchParams, at: number): RecordsRequest {
  const { filter, faults } = readFilter<AddressFilter>(RECORD_FIELDS, { query, at })
  const { timeAfter, timeBefore, ...rest } = filter
  return {
    filter: { ...rest, ...(timeAfter && { after: timeAfter }), ...(timeBefore && { before: timeBefore }) },
    faults,
    ...positionOf(query),
    notes: addressNotes(query, {
      once: [...RECORD_FIELDS.flatMap(parametersOf), 'after', 'before'],
      choices: new Map(),
    }),
  }
}

/** The address of the list without filters; undefined if it has none. */
export function withoutFilters(query: URLSearchParams): string | undefined {
  return urlWithout(RECORDS_URL, query, RECORD_FIELDS.flatMap(parametersOf))
}
