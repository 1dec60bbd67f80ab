// What a bulk action would do now: the dry run. Changes nothing.
import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { JOBS } from '../database/rows/tables.ts'
import { BULK_SAMPLE, BULK_STATES, type BulkActionKind, type BulkRefusal, refusalReason } from './bulkActions.ts'
import { countJobsByState } from './countJobs.ts'
import { InvalidInputError } from './errors.ts'
import { withoutExclusions } from './exclusions.ts'
import { InputCheck } from './inputCheck.ts'
import { checkJobFilter, type JobFilter, jobConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import { type JobSelection, listJobs } from './listJobs.ts'
import { JOB_STATES } from './states.ts'

export interface BulkActionRequest {
  readonly action: BulkActionKind
  readonly filter: JobFilter
  readonly reason: string
}

/** Reports the issues of a request. Those of the filter have paths that begin with "filter". */
export function checkBulkAction(limits: Limits, { filter, reason }: BulkActionRequest): InputCheck {
  const check = new InputCheck(limits)
  try {
    checkJobFilter(filter, limits)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    for (const { path, message } of error.issues) check.addIssue(['filter', ...path], message)
  }
  check.text('reason', reason, 'reasonBytes')
  if (reason.trim() === '') check.addIssue('reason', 'must not be empty.')
  return check
}

export interface BulkActionPreview {
  readonly matched: number
  /** Number of jobs that the action would change. */
  readonly eligible: number
  /** Up to `BULK_SAMPLE` of them, newest first. */
  sample(selection: JobSelection): Promise<Job[]>
  readonly refusals: readonly BulkRefusal[]
}

/** Counts the jobs that match. Reads the samples when they are called. @throws InvalidInputError */
export async function previewBulkAction(ledger: Ledger, request: BulkActionRequest): Promise<BulkActionPreview> {
  checkBulkAction(ledger.limits, request).throwIfAny()
  const { action, filter } = request
  const living = { ...filter, includeDeleted: false }
  const byState = await countJobsByState(ledger, living)
  const deleted = filter.includeDeleted ? (await totalOf(ledger, filter)) - sumOf(byState) : 0
  const isEligible = ({ state }: { state: JobState }) => BULK_STATES[action].includes(state)
  const refusals = byState
    .filter((one) => !isEligible(one) && one.count > 0)
    .map(({ state, count }) => ({
      reason: refusalReason(state),
      count,
      sample: (selection: JobSelection) => sampleOf(ledger, { ...living, states: [state] }, selection),
    }))
  return {
    matched: sumOf(byState) + deleted,
    eligible: sumOf(byState.filter(isEligible)),
    sample: (selection) => sampleOf(ledger, { ...living, states: eligibleStates(action, filter) }, selection),
    refusals: deleted === 0 ? refusals : [...refusals, deletedRefusal(ledger, filter, deleted)],
  }
}

function sumOf(counts: readonly { count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0)
}

async function totalOf(ledger: Ledger, filter: JobFilter): Promise<number> {
  return sumOf(await countJobsByState(ledger, filter))
}

function eligibleStates(action: BulkActionKind, filter: JobFilter): JobState[] {
  const { states } = withoutExclusions(filter)
  return (states ?? JOB_STATES).filter((state) => BULK_STATES[action].includes(state))
}

async function sampleOf(ledger: Ledger, filter: JobFilter, selection: JobSelection): Promise<Job[]> {
  const first = Math.min(BULK_SAMPLE, ledger.limits.pageSize)
  return (await listJobs(ledger, { filter: { ...filter, excludeStates: null }, first }, selection)).rows
}

function deletedRefusal({ sql }: Ledger, filter: JobFilter, count: number): BulkRefusal {
  const where = and([Prisma.sql`jobs.deleted_at IS NOT NULL`, ...jobConditions(filter)])
  const orderBy = Prisma.sql`jobs.id DESC`
  return {
    reason: refusalReason('DELETED'),
    count,
    sample: ({ select }) => sql.read<Job>(JOBS, { select, where, orderBy, take: BULK_SAMPLE, replanEachTime: true }),
  }
}
