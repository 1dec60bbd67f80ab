// Soft-deletes old jobs according to a retention rule.
import { databaseNow } from '../database/clock.ts'
import { type JobState, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { minUuidAt } from '../database/uuid.ts'
import { HISTORY_IS_INTACT } from './historyIsIntact.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { FINISHED_STATES } from './states.ts'
import { softDelete, updateLocked } from './transition.ts'

export interface CleanupJobsInput {
  /** Minimum age of a job since its creation, in days of 24 hours, 0 to 36,500. */
  olderThanDays: number
  /** Only jobs in these states. Default: `FINISHED_STATES`. */
  states?: JobState[] | null | undefined
  /** Only count the jobs. */
  dryRun?: boolean | null | undefined
  actor: string
}

/** Where the operation starts and when it stops. By default it processes all jobs. */
export interface CleanupBounds {
  /** Only jobs created after the job with this id: the position where an earlier call stopped. */
  readonly after?: string | null
  /** Maximum number of jobs to delete. */
  readonly maxJobs?: number
  /** No new batch starts once this signal is aborted. */
  readonly signal?: AbortSignal
  /** Skips jobs that another transaction has locked, instead of waiting for them. */
  readonly skipLocked?: boolean
}

export interface CleanedUpJobs {
  deleted: number
  /**
   * The id after which the next call continues. Null if every job that is old enough was examined.
   */
  position: string | null
}

const DAY_MS = 24 * 60 * 60 * 1000
/**
 * Small enough that other writers do not wait long for the rows, large enough that round trips do
 * not matter.
 */
const JOBS_PER_STATEMENT = 1000
/**
 * Maximum number of jobs that one statement examines. Limits its run time where most jobs are
 * deleted already.
 */
const JOBS_EXAMINED = 10_000

/**
 * Soft-deletes every job that is old enough and returns their number. Commits after each batch:
 * after an error, completed batches stay deleted and the next call does the rest.
 *
 * @throws InvalidInputError
 */
export async function cleanupJobs(ledger: Ledger, input: CleanupJobsInput): Promise<number> {
  if (input.dryRun) {
    const { createdBefore, states } = await retentionRule(ledger, input)
    return ledger.prisma.job.count({ where: { id: { lt: createdBefore }, state: { in: states }, deletedAt: null } })
  }
  return (await cleanupJobsBatch(ledger, input)).deleted
}

/**
 * Like `cleanupJobs`, but stops at the bounds. Processes jobs in order of creation and returns
 * where to continue.
 *
 * @throws InvalidInputError
 */
export async function cleanupJobsBatch(
  ledger: Ledger,
  input: Omit<CleanupJobsInput, 'dryRun'>,
  bounds: CleanupBounds = {},
): Promise<CleanedUpJobs> {
  const { maxJobs = Number.POSITIVE_INFINITY, signal, skipLocked = false } = bounds
  const locking = skipLocked ? Prisma.sql`SKIP LOCKED` : Prisma.empty
  const rule = { ...(await retentionRule(ledger, input)), locking }
  let deleted = 0
  // Each batch starts after the previous one, so that it does not examine deleted jobs again.
  let after = bounds.after ?? minUuidAt(new Date(0))
  while (deleted < maxJobs && !signal?.aborted) {
    const batch = await deleteBatch(ledger, rule, { after, max: Math.min(JOBS_PER_STATEMENT, maxJobs - deleted) })
    deleted += batch.deleted
    if (batch.position === null) return { deleted, position: null }
    after = batch.position
  }
  return { deleted, position: after }
}

interface RetentionRule {
  readonly createdBefore: string
  readonly states: JobState[]
  readonly actor: string
  readonly reason: string
  readonly locking: Prisma.Sql
}

async function retentionRule(
  ledger: Ledger,
  { olderThanDays, states, actor }: CleanupJobsInput,
): Promise<Omit<RetentionRule, 'locking'>> {
  const check = new InputCheck(ledger.limits)
  check.integer('olderThanDays', olderThanDays, 0, 36_500)
  check.actor(actor)
  check.throwIfAny()
  const now = await databaseNow(ledger.sql)
  return {
    createdBefore: minUuidAt(new Date(now.getTime() - olderThanDays * DAY_MS)),
    states: states ?? [...FINISHED_STATES],
    actor,
    reason: `older than ${olderThanDays} days`,
  }
}

async function deleteBatch(
  { sql }: Ledger,
  { createdBefore, states, actor, reason, locking }: RetentionRule,
  { after, max }: { after: string; max: number },
): Promise<CleanedUpJobs> {
  const [last] = await sql.query<{ id: string }>`
    SELECT id FROM jobs WHERE id > ${after}::uuid AND id < ${createdBefore}::uuid
    ORDER BY id OFFSET ${JOBS_EXAMINED - 1} LIMIT 1`
  // MATERIALIZED, because a query that locks rows must run once (PostgreSQL documentation, SELECT,
  // "The Locking Clause").
  const deleted = await retryConflicts(
    () => sql.query<{ id: string }>`
      WITH old AS MATERIALIZED (
        SELECT id FROM jobs WHERE id > ${after}::uuid AND id < ${createdBefore}::uuid
          AND id <= ${last?.id ?? createdBefore}::uuid AND state = ANY (${states}::job_state[]) AND deleted_at IS NULL AND ${HISTORY_IS_INTACT}
        ORDER BY id LIMIT ${max} FOR NO KEY UPDATE ${locking}
      )
      ${updateLocked(softDelete({ actor, reason }), 'old')} RETURNING id`,
  )
  const ids = deleted.map(({ id }) => id).sort()
  return { deleted: ids.length, position: (ids.length === max ? ids.at(-1) : last?.id) ?? null }
}
