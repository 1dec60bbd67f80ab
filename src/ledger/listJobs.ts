// Lists jobs, page by page, in any of the orders that have an index.

import type { Job, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { type JobFilter, jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageWindow, readPage } from './page.ts'

export interface JobOrder {
  field: 'CREATED_AT' | 'UPDATED_AT' | 'COMPLETED_AT'
  direction: 'ASC' | 'DESC'
}

/** Which columns and relations of the jobs to read; by default every column. The fields of the order are always read. */
export interface JobShape {
  select?: Prisma.JobSelect | undefined
}

export interface ListJobsRequest extends PageRequest {
  filter?: JobFilter | null | undefined
  orderBy?: JobOrder | null | undefined
}

const KEYS = {
  CREATED_AT: [{ field: 'id', kind: 'uuid' }],
  UPDATED_AT: [
    { field: 'updatedAt', kind: 'date' },
    { field: 'id', kind: 'uuid' },
  ],
  COMPLETED_AT: [
    { field: 'completedAt', kind: 'date', nullable: true },
    { field: 'id', kind: 'uuid' },
  ],
} as const satisfies Record<JobOrder['field'], KeysetOrder['key']>

/**
 * One page of the jobs that a filter admits, the latest created first unless `orderBy` says otherwise. By COMPLETED_AT, jobs
 * that are not completed come last in either direction.
 *
 * @throws InvalidInputError for bad page sizes, cursors and filters.
 */
export async function listJobs(
  ledger: Ledger,
  request: ListJobsRequest = {},
  shape: JobShape = {},
): Promise<Page<Job>> {
  const { field, direction } = request.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  const order: KeysetOrder = {
    name: `jobs.${field}`,
    direction: direction === 'ASC' ? 'asc' : 'desc',
    key: KEYS[field],
  }
  return pageOfJobs(ledger, { order, condition: jobCondition(request.filter, ledger.limits) }, request, shape)
}

/** An ordered list of jobs. */
export interface JobList {
  order: KeysetOrder
  condition: Prisma.JobWhereInput
}

/** One page of a list of jobs. */
export async function pageOfJobs(
  ledger: Ledger,
  { order, condition }: JobList,
  request: PageRequest,
  shape: JobShape,
): Promise<Page<Job>> {
  const key = Object.fromEntries(order.key.map(({ field }) => [field, true]))
  const select = shape.select && { select: { ...shape.select, ...key } }
  // Whoever selects less than all columns knows which columns the rows have.
  return readPage<Job>(
    order,
    pageWindow(request, order, ledger.limits),
    ({ where, orderBy }, take) =>
      ledger.prisma.job.findMany({ where: { AND: [condition, where] }, orderBy, take, ...select }) as Promise<Job[]>,
  )
}
