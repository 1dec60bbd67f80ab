// Reads the ledger: the history of one job, and the records of all jobs.

import type { JobState, JobStateRecord, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { InputCheck } from './inputCheck.ts'
import { checkLength, ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageWindow, readPage } from './page.ts'

/** All given conditions hold. */
export interface JobStateRecordFilter {
  /** Only records of jobs of this user, whatever else is asked for: how a caller is confined to its own. */
  ownerId?: string | undefined
  /** A UUID. */
  jobId?: string | null | undefined
  /** The owner of the job. */
  userId?: string | null | undefined
  actor?: string | null | undefined
  previousStates?: JobState[] | null | undefined
  newStates?: JobState[] | null | undefined
  /** Inclusive. */
  after?: Date | null | undefined
  /** Exclusive. */
  before?: Date | null | undefined
}

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
    { order: RECORDS_ORDER, condition: recordCondition(ledger, request.filter) },
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
  return ledger.prisma.jobStateRecord.count({ where: recordCondition(ledger, filter) })
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

function recordCondition(
  ledger: Ledger,
  filter: JobStateRecordFilter | null | undefined,
): Prisma.JobStateRecordWhereInput {
  const { jobId, ownerId, userId, actor, previousStates, newStates, after, before } = filter ?? {}
  const check = new InputCheck(ledger.limits)
  check.name('userId', userId)
  check.name('actor', actor)
  checkLength(check, 'previousStates', previousStates)
  checkLength(check, 'newStates', newStates)
  check.instant('after', after)
  check.instant('before', before)
  if (jobId != null) check.uuid('jobId', jobId)
  check.done()
  const owner = ownerConditions({ ownerId, userId })
  return {
    ...(jobId == null ? {} : { jobId }),
    ...(owner.length === 0 ? {} : { job: { AND: owner } }),
    ...(actor == null ? {} : { actor }),
    ...(previousStates ? { previousState: { in: previousStates } } : {}),
    ...(newStates ? { newState: { in: newStates } } : {}),
    ...(after || before ? { timestamp: { ...(after && { gte: after }), ...(before && { lt: before }) } } : {}),
  }
}
