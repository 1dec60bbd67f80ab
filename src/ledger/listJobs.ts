// Lists jobs page by page, in any order that an index supports.

import type { Job, JobState, Prisma } from '../database/generated/client.ts'
import type { KeyField, KeysetOrder } from '../database/keyset.ts'
import type { RowShape } from '../database/rows/rowShape.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { JOBS } from '../database/rows/tables.ts'
import { withoutExclusions } from './exclusions.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { type JobFilter, jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageOfRows } from './page.ts'

export interface JobOrder {
  field: 'CREATED_AT' | 'UPDATED_AT' | 'COMPLETED_AT'
  direction: 'ASC' | 'DESC'
}

/**
 * Columns and relations of the jobs to read. Default: every column. The fields of the order are
 * always read.
 */
export interface JobSelection {
  select?: Prisma.JobSelect | undefined
}

export interface ListJobsRequest extends PageRequest {
  filter?: JobFilter | null | undefined
  orderBy?: JobOrder | null | undefined
}

/** The last field of every order of jobs. It makes the key unique. */
export const JOB_ID: KeyField = { field: 'id', column: 'jobs.id', kind: 'uuid' }

const KEYS = {
  CREATED_AT: [JOB_ID],
  UPDATED_AT: [{ field: 'updatedAt', column: 'jobs.updated_at', kind: 'date' }, JOB_ID],
  COMPLETED_AT: [{ field: 'completedAt', column: 'jobs.completed_at', kind: 'date', nullable: true }, JOB_ID],
} as const satisfies Record<JobOrder['field'], KeysetOrder['key']>

/**
 * One page of the jobs that match a filter, newest first by default. With COMPLETED_AT, jobs that
 * are not completed come last in both directions.
 *
 * @throws InvalidInputError for invalid page sizes, cursors and filters
 */
export function listJobs(
  ledger: Ledger,
  request: ListJobsRequest = {},
  { select }: JobSelection = {},
): Promise<Page<Job>> {
  return listJobRows(ledger, request, objectShape<Job>(JOBS, select))
}

/** Like `listJobs`, with rows of any shape. @throws InvalidInputError */
export async function listJobRows<Row>(
  ledger: Ledger,
  request: ListJobsRequest,
  shape: RowShape<Row>,
): Promise<Page<Row>> {
  const { field, direction } = request.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  const order: KeysetOrder = {
    name: `jobs.${field}`,
    direction: direction === 'ASC' ? 'asc' : 'desc',
    key: KEYS[field],
    only: field === 'COMPLETED_AT' ? completion(withoutExclusions(request.filter ?? {}).states) : undefined,
  }
  const condition = jobCondition(request.filter, ledger.limits)
  const isEmpty = isImpossibleJobFilter(request.filter ?? {})
  return pageOfRows(ledger, { table: JOBS, shape, order, condition, isEmpty }, request)
}

/**
 * Whether all jobs in these states have a completion time, or none has (ck_jobs_times_fit_state).
 * Undefined if they differ.
 */
function completion(states: readonly JobState[] | null | undefined): KeysetOrder['only'] {
  if (states == null) return undefined
  const unfinished = states.filter((state) => state === 'PENDING' || state === 'PROCESSING')
  if (unfinished.length === 0) return 'valued'
  return unfinished.length === states.length ? 'valueless' : undefined
}
