// What a bulk action did with each of its jobs.
import { type BulkAction, type BulkActionJob, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { and } from '../database/rows/conditions.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { BULK_ACTION_JOBS } from '../database/rows/tables.ts'
import { refusalReason, refusedCounts } from './bulkActions.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageOfRows } from './page.ts'

export type BulkOutcome = 'DONE' | 'REFUSED' | 'NOT_PROCESSED'

export type BulkJobRow = Pick<BulkActionJob, 'jobId' | 'outcome'>

/** The columns of an action that its outcomes need. */
export type ActionOfOutcomes = Pick<BulkAction, 'id' | 'matched' | 'done' | 'refusals'>

interface OutcomeRequest extends PageRequest {
  /** Only jobs with this outcome; by default all. */
  readonly outcome?: BulkOutcome | null | undefined
}

/** In the order in which the jobs are processed: that of their creation. */
const OLDEST_FIRST: KeysetOrder = {
  name: 'bulkOutcomes',
  direction: 'asc',
  key: [{ field: 'jobId', column: 'jobledger.bulk_action_jobs.job_id', kind: 'uuid' }],
}

/** The expression of the index that provides the pages of one outcome. */
const OUTCOME = Prisma.sql`CASE WHEN jobledger.bulk_action_jobs.outcome IS NULL THEN 'NOT_PROCESSED'
  WHEN jobledger.bulk_action_jobs.outcome = 'DONE' THEN 'DONE' ELSE 'REFUSED' END`

/** One page of the jobs of an action, oldest first. @throws InvalidInputError */
export async function listBulkOutcomes(
  ledger: Ledger,
  { id }: Pick<BulkAction, 'id'>,
  { outcome, ...request }: OutcomeRequest,
): Promise<Page<BulkJobRow>> {
  const ofAction = Prisma.sql`jobledger.bulk_action_jobs.action_id = ${id}::uuid`
  const condition = and(outcome == null ? [ofAction] : [ofAction, Prisma.sql`${OUTCOME} = ${outcome}`])
  const shape = objectShape<BulkJobRow>(BULK_ACTION_JOBS, { outcome: true })
  const list = { table: BULK_ACTION_JOBS, shape, order: OLDEST_FIRST, condition }
  return pageOfRows<BulkJobRow>(ledger, list, request)
}

/** The number of jobs with this outcome, as of when the action was read. */
export function countBulkOutcomes(action: ActionOfOutcomes, outcome: BulkOutcome | null | undefined): number {
  const { matched, done } = action
  if (outcome == null) return matched
  const refused = [...refusedCounts(action).values()].reduce((sum, count) => sum + count, 0)
  return { DONE: done, REFUSED: refused, NOT_PROCESSED: matched - done - refused }[outcome]
}

export function outcomeOf({ outcome }: Pick<BulkJobRow, 'outcome'>): BulkOutcome {
  if (outcome === null) return 'NOT_PROCESSED'
  return outcome === 'DONE' ? 'DONE' : 'REFUSED'
}

/** Why the job was refused; null if it was not. */
export function reasonOf({ outcome }: Pick<BulkJobRow, 'outcome'>): string | null {
  return outcome === null || outcome === 'DONE' ? null : refusalReason(outcome)
}
