// Takes jobs away from workers that are gone: those whose lease has ended, and on request those that never had one.
import { databaseNow } from '../database/clock.ts'
import { Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { InputCheck } from './inputCheck.ts'
import { HISTORY_IS_INTACT } from './intactHistory.ts'
import { ENDED_LEASES } from './leases.ts'
import type { Ledger } from './ledger.ts'
import { RESCUE_OUTCOME, rescue, updateLocked } from './transition.ts'

export interface RescueStuckJobsInput {
  /** Only jobs that have been PROCESSING for longer than so many seconds, then also those without a lease. */
  olderThanSeconds?: number | null | undefined
  /** Counts only. */
  dryRun?: boolean | null | undefined
  actor: string
}

export interface RescuedJobs {
  /** Back to PENDING, for another attempt. */
  released: number
  /** FAILED with a result TIMEOUT, because their attempts are used up. */
  failed: number
  /** CANCELLED, as they were asked to be. */
  cancelled: number
}

/** How much is done before the operation returns; by default everything. */
export interface RescueBounds {
  /** true: only the jobs that were asked to be cancelled; false: only the others. */
  readonly cancelRequested?: boolean
  readonly mostJobs?: number
  /** No portion begins after this signal was aborted. */
  readonly signal?: AbortSignal
}

/** Few enough that no other writer waits long for the rows. */
const JOBS_PER_STATEMENT = 500

/**
 * Ends the attempts of jobs whose workers are gone. A job under a live lease is never touched. Works in portions of one commit each:
 * an error half-way leaves whole rescues behind, and the next call does the rest.
 *
 * @throws InvalidInputError
 */
export async function rescueStuckJobs(
  ledger: Ledger,
  { olderThanSeconds, dryRun, actor }: RescueStuckJobsInput,
  { cancelRequested, mostJobs = Number.POSITIVE_INFINITY, signal }: RescueBounds = {},
): Promise<RescuedJobs> {
  const check = new InputCheck(ledger.limits)
  check.integer('olderThanSeconds', olderThanSeconds, 0)
  check.actor(actor)
  check.throwIfAny()
  const stuck = await stuckConditions(ledger, olderThanSeconds, cancelRequested)
  const sum: RescuedJobs = { released: 0, failed: 0, cancelled: 0 }
  for (const { condition, ...found } of stuck) {
    if (dryRun) {
      add(
        sum,
        await ledger.sql.query<RescuedJobs>`
        SELECT ${OUTCOMES} FROM (SELECT ${RESCUE_OUTCOME} AS state FROM jobs WHERE ${condition}) AS stuck`,
      )
      continue
    }
    for (let full = true; full && totalOf(sum) < mostJobs && !signal?.aborted; ) {
      const most = Math.min(JOBS_PER_STATEMENT, mostJobs - totalOf(sum))
      const portion = await retryConflicts(() => rescueBatch(ledger, { condition, ...found, most, actor }))
      add(sum, portion)
      full = totalOf(portion[0]) === most
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
  const asked =
    cancelRequested === undefined
      ? Prisma.empty
      : Prisma.sql`AND (cancel_requested_at IS NOT NULL) = ${cancelRequested}`
  const leaseEnded = ENDED_LEASES.map((ended) => Prisma.sql`state = 'PROCESSING' ${asked} AND ${ended}`)
  const found = { order: Prisma.sql`lease_expires_at, id`, cause: 'lease expired' } as const
  if (olderThanSeconds == null) return leaseEnded.map((condition) => ({ condition, ...found }))
  const started = Prisma.sql`started_at < ${new Date((await databaseNow(ledger.sql)).getTime() - olderThanSeconds * 1000)}`
  return [
    ...leaseEnded.map((ended) => ({ condition: Prisma.sql`${ended} AND ${started}`, ...found })),
    {
      condition: Prisma.sql`state = 'PROCESSING' ${asked} AND lease_expires_at IS NULL AND ${started}`,
      order: Prisma.sql`started_at, id`,
      cause: 'no lease',
    },
  ]
}

const OUTCOMES = Prisma.sql`count(*) FILTER (WHERE state = 'PENDING')::int AS released,
  count(*) FILTER (WHERE state = 'FAILED')::int AS failed, count(*) FILTER (WHERE state = 'CANCELLED')::int AS cancelled`

// A worker that extends or ends the job just now holds its row: then it is not stuck, and is passed over.
function rescueBatch(
  ledger: Ledger,
  { condition, order, cause, most, actor }: StuckCondition & { most: number; actor: string },
): Promise<RescuedJobs[]> {
  return ledger.sql.query<RescuedJobs>`
    WITH stuck AS MATERIALIZED (
      SELECT id FROM jobs WHERE ${condition} AND ${HISTORY_IS_INTACT} ORDER BY ${order} LIMIT ${most} FOR NO KEY UPDATE SKIP LOCKED
    ), moved AS (${updateLocked(rescue({ actor, cause }), 'stuck')} RETURNING id, state, state_error), timed_out AS (
      INSERT INTO job_results (job_id, status, error_message)
      SELECT id, 'timeout', state_error FROM moved WHERE state = 'FAILED'
      ON CONFLICT (job_id) DO UPDATE SET status = excluded.status, output = NULL, error_message = excluded.error_message,
        processing_time_ms = NULL
    )
    SELECT ${OUTCOMES} FROM moved`
}

function add(sum: RescuedJobs, [portion]: RescuedJobs[]): void {
  for (const outcome of ['released', 'failed', 'cancelled'] as const) sum[outcome] += portion?.[outcome] ?? 0
}

function totalOf(jobs: RescuedJobs | undefined): number {
  return jobs === undefined ? 0 : jobs.released + jobs.failed + jobs.cancelled
}
