// Reads the history of one job and the records of all jobs.

import { type JobStateRecord, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import type { RowShape } from '../database/rows/rowShape.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { JOB_STATES } from '../database/rows/tables.ts'
import { isImpossibleRecordFilter } from './filterReach.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageOfRows, type ReadRange } from './page.ts'
import { type JobStateRecordFilter, recordCondition } from './recordFilter.ts'
import { recordsOfUser } from './recordsOfUser.ts'

/**
 * Columns and relations of the records to read. Default: every column. The fields of the order are
 * always read.
 */
export interface RecordSelection {
  select?: Prisma.JobStateRecordSelect | undefined
}

export interface ListRecordsRequest extends PageRequest {
  filter?: JobStateRecordFilter | null | undefined
}

/** The order of the history of one job. */
export const HISTORY_ORDER: KeysetOrder = {
  name: 'history',
  direction: 'asc',
  key: [{ field: 'sequence', column: 'job_states.sequence', kind: 'int' }],
}

/** The order of the history of the result of one job. */
export const RESULT_HISTORY_ORDER: KeysetOrder = {
  name: 'resultHistory',
  direction: 'asc',
  key: [{ field: 'revision', column: 'job_result_records.revision', kind: 'int' }],
}

// This order keeps the records of a job in sequence: within a job neither times nor ids decrease.
const RECORDS_ORDER: KeysetOrder = {
  name: 'records',
  direction: 'desc',
  key: [
    { field: 'timestamp', column: 'job_states.timestamp', kind: 'date' },
    { field: 'id', column: 'job_states.id', kind: 'bigint' },
  ],
}

/**
 * One page of the history of a job, oldest first. Empty if the job does not exist.
 *
 * @throws InvalidInputError for invalid page sizes and cursors
 */
export async function getJobHistory(
  ledger: Ledger,
  jobId: string,
  request: PageRequest = {},
): Promise<Page<JobStateRecord>> {
  const condition = Prisma.sql`job_states.job_id = ${jobId}::uuid`
  const shape = objectShape<JobStateRecord>(JOB_STATES, undefined)
  return pageOfRows(ledger, { table: JOB_STATES, shape, order: HISTORY_ORDER, condition }, request)
}

/**
 * One page of the records of all jobs that match a filter, newest first.
 *
 * @throws InvalidInputError for invalid page sizes, cursors and filters
 */
export function listJobStateRecords(
  ledger: Ledger,
  request: ListRecordsRequest = {},
  { select }: RecordSelection = {},
): Promise<Page<JobStateRecord>> {
  return listRecordRows(ledger, request, objectShape<JobStateRecord>(JOB_STATES, select))
}

/** Like `listJobStateRecords`, with rows of any shape. @throws InvalidInputError */
export async function listRecordRows<Row>(
  ledger: Ledger,
  request: ListRecordsRequest,
  shape: RowShape<Row>,
): Promise<Page<Row>> {
  const isEmpty = isImpossibleRecordFilter(request.filter ?? {})
  const list = { table: JOB_STATES, order: RECORDS_ORDER, isEmpty, shape }
  const condition = recordCondition(request.filter, ledger.limits)
  const { ownerId, userId, ...others } = request.filter ?? {}
  const owner = ownerId ?? userId
  // One job has few records, so a page of them needs no rewrite.
  if (owner == null || others.jobId != null || isEmpty) {
    return pageOfRows(ledger, { ...list, condition }, request)
  }
  const conditionOfOthers = recordCondition(others, ledger.limits)
  const narrow = (range: ReadRange) => recordsOfUser(owner, range)
  return pageOfRows(ledger, { ...list, condition: conditionOfOthers, narrow }, request)
}

/**
 * Number of records that match a filter.
 *
 * @throws InvalidInputError
 */
export async function countJobStateRecords(ledger: Ledger, filter?: JobStateRecordFilter | null): Promise<number> {
  const condition = recordCondition(filter, ledger.limits)
  if (isImpossibleRecordFilter(filter ?? {})) return 0
  const [row] = await ledger.sql.query<{ count: bigint }>`SELECT count(*) FROM job_states WHERE ${condition}`
  return Number(row?.count ?? 0)
}
