// Rescues jobs whose workers are gone: jobs whose lease has ended, and on request jobs that never
// had a lease.
import { databaseNow } from '../database/clock.ts'
import { Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { HISTORY_IS_INTACT } from './historyIsIntact.ts'
import { InputCheck } from './inputCheck.ts'
import { REPLACE_RESULT } from './jobResult.ts'
import { ENDED_LEASES } from './leases.ts'
import type { Ledger } from './ledger.ts'
import { RESCUE_OUTCOME, rescue, updateLocked } from './transition.ts'

export interface RescueStuckJobsInput {
  /**
   * Only jobs that have been PROCESSING for longer than this. If given, also rescues jobs without a
   * lease.
   */
  olderThanSeconds?: number | null | undefined
  /** Only count the jobs. */
  dryRun?: boolean | null | undefined
  actor: string
}

export interface RescuedJobs {
  /** Moved to PENDING for another attempt. */
  released: number
  /** Moved to FAILED with a TIMEOUT result, because their attempts are used up. */
  failed: number
  /** Moved to CANCELLED, because their cancellation was requested. */
  cancelled: number
}

/** Which jobs to rescue and when to stop. By default all jobs are rescued. */
export interface RescueBounds {
  /** true: only jobs whose cancellation was requested; false: only the others. */
  readonly cancelRequested?: boolean
  /** Maximum number of jobs to rescue. */
  readonly maxJobs?: number
  /** No new batch starts once this signal is aborted. */
  readonly signal?: AbortSignal
}

/** Small enough that other writers do not wait long for the rows. */
const JOBS_PER_STATEMENT = 500

/**
 * Ends the attempts of jobs whose workers are gone. Never changes a job under a valid lease.
 * Commits after each batch: after an error, completed batches stay rescued and the next call does
 * the rest.
 *
 * @throws InvalidInputError
 */
export async function rescueStuckJobs(
  ledger: Ledger,
  { olderThanSeconds, dryRun, actor }: RescueStuckJobsInput,
  { cancelRequested, maxJobs = Number.POSITIVE_INFINITY, signal }: RescueBounds = {},
): Promise<RescuedJobs> {
  const check = new InputCheck(ledger.limits)
  check.integer('olderThanSeconds', olderThanSeconds, 0)
  check.actor(actor)
  check.throwIfAny()
  const stuck = await stuckConditions(ledger, olderThanSeconds, cancelRequested)
  const sum: RescuedJobs = { released: 0, failed: 0, cancelled: 0 }
  for (const { condition, ...others } of stuck) {
    if (dryRun) {
      add(
        sum,
        await ledger.sql.query<RescuedJobs>`
        SELECT ${OUTCOMES} FROM (SELECT ${RESCUE_OUTCOME} AS state FROM jobs WHERE ${condition}) AS stuck`,
      )
      continue
    }
    for (let full = true; full && totalOf(sum) < maxJobs && !signal?.aborted; ) {
      const max = Math.min(JOBS_PER_STATEMENT, maxJobs - totalOf(sum))
      const batch = await retryConflicts(() => rescueBatch(ledger, { condition, ...others, max, actor }))
      add(sum, batch)
      full = totalOf(batch[0]) === max
    }
  }
  return sum
}

interface StuckCondition {
  condition: Prisma.Sql
  /** The order of the index that finds them. */
  order: Prisma.Sql
  /** The reason in the record. */
  cause: 'lease expired' | 'no lease'
}

async function stuckConditions(
  ledger: Ledger,
  olderThanSeconds: number | null | undefined,
  cancelRequested: boolean | undefined,
): Promise<StuckCondition[]> {
  const requested =
    cancelRequested === undefined
      ? Prisma.empty
      : Prisma.sql`AND (cancel_requested_at IS NOT NULL) = ${cancelRequested}`
  const leaseEnded = ENDED_LEASES.map((ended) => Prisma.sql`state = 'PROCESSING' ${requested} AND ${ended}`)
  const leaseExpired = { order: Prisma.sql`lease_expires_at, id`, cause: 'lease expired' } as const
  if (olderThanSeconds == null) return leaseEnded.map((condition) => ({ condition, ...leaseExpired }))
  const started = Prisma.sql`started_at < ${new Date((await databaseNow(ledger.sql)).getTime() - olderThanSeconds * 1000)}`
  return [
    ...leaseEnded.map((ended) => ({ condition: Prisma.sql`${ended} AND ${started}`, ...leaseExpired })),
    {
      condition: Prisma.sql`state = 'PROCESSING' ${requested} AND lease_expires_at IS NULL AND ${started}`,
      order: Prisma.sql`started_at, id`,
      cause: 'no lease',
    },
  ]
}

const OUTCOMES = Prisma.sql`count(*) FILTER (WHERE state = 'PENDING')::int AS released,
  count(*) FILTER (WHERE state = 'FAILED')::int AS failed, count(*) FILTER (WHERE state = 'CANCELLED')::int AS cancelled`

// SKIP LOCKED, because a locked job is being extended or finished by its worker, so it is not
// stuck.
function rescueBatch(
  ledger: Ledger,
  { condition, order, cause, max, actor }: StuckCondition & { max: number; actor: string },
): Promise<RescuedJobs[]> {
  return ledger.sql.query<RescuedJobs>`
    WITH stuck AS MATERIALIZED (
      SELECT id FROM jobs WHERE ${condition} AND ${HISTORY_IS_INTACT} ORDER BY ${order} LIMIT ${max} FOR NO KEY UPDATE SKIP LOCKED
    ), rescued AS (${updateLocked(rescue({ actor, cause }), 'stuck')} RETURNING id, state, state_error), timed_out AS (
      INSERT INTO job_results AS kept (job_id, status, error_message, actor)
      SELECT id, 'timeout', state_error, ${actor} FROM rescued WHERE state = 'FAILED'
      ${REPLACE_RESULT}
    )
    SELECT ${OUTCOMES} FROM rescued`
}

function add(sum: RescuedJobs, [batch]: RescuedJobs[]): void {
  for (const outcome of ['released', 'failed', 'cancelled'] as const) sum[outcome] += batch?.[outcome] ?? 0
}

function totalOf(jobs: RescuedJobs | undefined): number {
  return jobs === undefined ? 0 : jobs.released + jobs.failed + jobs.cancelled
}
