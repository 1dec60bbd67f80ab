// Reads the ledger: the history of one job, and the records of all jobs.

import type { JobStateRecord, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageWindow, readPage } from './page.ts'
import { type JobStateRecordFilter, recordCondition } from './recordFilter.ts'

/** Which columns and relations of the records to read; by default every column. The fields of the order are always read. */
export interface RecordShape {
  select?: Prisma.JobStateRecordSelect | undefined
}

/** The order of the history of one job. */
export const HISTORY_ORDER: KeysetOrder = {
  name: 'history',
  direction: 'asc',
  key: [{ field: 'sequence', kind: 'int' }],
}

// Two records of one job never come in the wrong order: neither their times nor their ids run backwards.
const RECORDS_ORDER: KeysetOrder = {
  name: 'records',
  direction: 'desc',
  key: [
    { field: 'timestamp', kind: 'date' },
    { field: 'id', kind: 'bigint' },
  ],
}

/**
 * One page of the history of a job, in the order in which it happened; empty if there is no such job.
 *
 * @throws InvalidInputError for bad page sizes and cursors.
 */
export async function getJobHistory(
  ledger: Ledger,
  jobId: string,
  request: PageRequest = {},
): Promise<Page<JobStateRecord>> {
  return pageOfRecords(ledger, { order: HISTORY_ORDER, condition: { jobId } }, request, {})
}

/**
 * One page of the records of all jobs that a filter admits, newest first.
 *
 * @throws InvalidInputError for bad page sizes, cursors and filters.
 */
export async function listJobStateRecords(
  ledger: Ledger,
  request: PageRequest & { filter?: JobStateRecordFilter | null | undefined } = {},
  shape: RecordShape = {},
): Promise<Page<JobStateRecord>> {
  return pageOfRecords(
    ledger,
    { order: RECORDS_ORDER, condition: recordCondition(request.filter, ledger.limits) },
    request,
    shape,
  )
}

/**
 * How many records a filter admits.
 *
 * @throws InvalidInputError
 */
export async function countJobStateRecords(ledger: Ledger, filter?: JobStateRecordFilter | null): Promise<number> {
  return ledger.prisma.jobStateRecord.count({ where: recordCondition(filter, ledger.limits) })
}

async function pageOfRecords(
  ledger: Ledger,
  { order, condition }: { order: KeysetOrder; condition: Prisma.JobStateRecordWhereInput },
  request: PageRequest,
  shape: RecordShape,
): Promise<Page<JobStateRecord>> {
  const key = Object.fromEntries(order.key.map(({ field }) => [field, true]))
  const select = shape.select && { select: { ...shape.select, ...key } }
  return readPage<JobStateRecord>(
    order,
    pageWindow(request, order, ledger.limits),
    ({ where, orderBy }, take) =>
      ledger.prisma.jobStateRecord.findMany({
        where: { AND: [condition, where] },
        orderBy,
        take,
        ...select,
      }) as Promise<JobStateRecord[]>,
  )
}
