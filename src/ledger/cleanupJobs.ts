// Soft-deletes old jobs, as a retention rule asks.
import { databaseNow } from '../database/clock.ts'
import { type JobState, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { minUuidAt } from '../database/uuid.ts'
import { InputCheck } from './inputCheck.ts'
import { HISTORY_IS_INTACT } from './intactHistory.ts'
import type { Ledger } from './ledger.ts'
import { FINISHED_STATES } from './states.ts'
import { softDelete, updateLocked } from './transition.ts'

export interface CleanupJobsInput {
  /** Jobs created longer ago than so many days of 24 hours. */
  olderThanDays: number
  /** Only jobs in these states; by default the finished ones. */
  states?: JobState[] | null | undefined
  /** Counts only. */
  dryRun?: boolean | null | undefined
  actor: string
}

/** Where the operation begins, and how much is done before it returns; by default everything. */
export interface CleanupBounds {
  /** Only jobs that were created after the one with this id: where an earlier call stopped. */
  readonly behind?: string | null
  /** So many are deleted at most. */
  readonly mostJobs?: number
  /** No portion begins after this signal was aborted. */
  readonly signal?: AbortSignal
  /** Passes over jobs that somebody else holds just now, instead of waiting for them. */
  readonly skipHeld?: boolean
}

export interface CleanedUpJobs {
  deleted: number
  /** The id behind which the next call goes on; null: every job that is old enough was looked at. */
  position: string | null
}

const DAY_MS = 24 * 60 * 60 * 1000
/** Few enough that no other writer waits long for the rows, many enough that the round trips do not count. */
const JOBS_PER_STATEMENT = 1000
/** So many jobs are looked at by one statement: where most were deleted long ago, finding those to delete must not take for ever. */
const JOBS_LOOKED_AT = 10_000

/**
 * Soft-deletes every job that is old enough and returns how many there were. Works in portions of one commit each: an error
 * half-way leaves whole deletions behind, and the next call does the rest.
 *
 * @throws InvalidInputError
 */
export async function cleanupJobs(ledger: Ledger, input: CleanupJobsInput): Promise<number> {
  if (input.dryRun) {
    const { createdBefore, states } = await ruleOf(ledger, input)
    return ledger.prisma.job.count({ where: { id: { lt: createdBefore }, state: { in: states }, deletedAt: null } })
  }
  return (await cleanupJobsBatch(ledger, input)).deleted
}

/**
 * As `cleanupJobs`, in order of creation up to the bounds, and tells where to go on.
 *
 * @throws InvalidInputError
 */
export async function cleanupJobsBatch(
  ledger: Ledger,
  input: Omit<CleanupJobsInput, 'dryRun'>,
  bounds: CleanupBounds = {},
): Promise<CleanedUpJobs> {
  const { mostJobs = Number.POSITIVE_INFINITY, signal, skipHeld = false } = bounds
  const rule = { ...(await ruleOf(ledger, input)), locking: skipHeld ? Prisma.sql`SKIP LOCKED` : Prisma.empty }
  let deleted = 0
  // Each portion begins behind the one before, instead of looking again at what that one deleted.
  let behind = bounds.behind ?? minUuidAt(new Date(0))
  while (deleted < mostJobs && !signal?.aborted) {
    const portion = await deletePortion(ledger, rule, {
      behind,
      most: Math.min(JOBS_PER_STATEMENT, mostJobs - deleted),
    })
    deleted += portion.deleted
    if (portion.position === null) return { deleted, position: null }
    behind = portion.position
  }
  return { deleted, position: behind }
}

interface Rule {
  readonly createdBefore: string
  readonly states: JobState[]
  readonly actor: string
  readonly reason: string
  readonly locking: Prisma.Sql
}

async function ruleOf(
  ledger: Ledger,
  { olderThanDays, states, actor }: CleanupJobsInput,
): Promise<Omit<Rule, 'locking'>> {
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

async function deletePortion(
  { sql }: Ledger,
  { createdBefore, states, actor, reason, locking }: Rule,
  { behind, most }: { behind: string; most: number },
): Promise<CleanedUpJobs> {
  const [last] = await sql.query<{ id: string }>`
    SELECT id FROM jobs WHERE id > ${behind}::uuid AND id < ${createdBefore}::uuid
    ORDER BY id OFFSET ${JOBS_LOOKED_AT - 1} LIMIT 1`
  // What locks rows must run once (PostgreSQL documentation, SELECT, "The Locking Clause"): therefore MATERIALIZED.
  const deleted = await retryConflicts(
    () => sql.query<{ id: string }>`
      WITH old AS MATERIALIZED (
        SELECT id FROM jobs WHERE id > ${behind}::uuid AND id < ${createdBefore}::uuid
          AND id <= ${last?.id ?? createdBefore}::uuid AND state = ANY (${states}::job_state[]) AND deleted_at IS NULL AND ${HISTORY_IS_INTACT}
        ORDER BY id LIMIT ${most} FOR NO KEY UPDATE ${locking}
      )
      ${updateLocked(softDelete({ actor, reason }), 'old')} RETURNING id`,
  )
  const ids = deleted.map(({ id }) => id).sort()
  return { deleted: ids.length, position: (ids.length === most ? ids.at(-1) : last?.id) ?? null }
}
