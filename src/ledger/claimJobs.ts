// Assigns waiting jobs to a worker. A claim is an ordinary transition, so the version of the
// claimed job is the worker's fencing token.

import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { DUE_BOUND, IS_DUE, IS_WITHIN_BOUND, PRIORITY_LEVELS } from './dueJobs.ts'
import { InputCheck } from './inputCheck.ts'
import { checkNames } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { MAX_CLAIM_SIZE, MAX_LEASE_SECONDS } from './limits.ts'
import { bytesOfJob, changeJobs, type ResponseShape, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { claim, updateLocked } from './transition.ts'

export interface ClaimJobsInput {
  /** Identifies the worker in the records, in addition to the actor. */
  workerId: string
  actor: string
  /** Maximum number of jobs, 1 to `MAX_CLAIM_SIZE`. Default: 1. */
  limit?: number | null | undefined
  /** Duration of the lease, 1 to `MAX_LEASE_SECONDS`. Default: 60. */
  leaseSeconds?: number | null | undefined
  /** Only jobs with one of these presets. */
  presets?: string[] | null | undefined
  /** Only these jobs: UUIDs, at most `MAX_CLAIM_SIZE`. */
  jobIds?: string[] | null | undefined
}

/**
 * Moves the first jobs of the queue from PENDING to PROCESSING and returns them in queue order: by
 * priority, then by due time. Runs one statement. Two callers never get the same job, and neither
 * waits for the other. If the size of the response is limited, claims as many jobs as fit, but at
 * least one.
 *
 * @throws InvalidInputError; ResponseTooLargeError if a single job does not fit. In both cases
 * nothing was written.
 */
export async function claimJobs(
  ledger: Ledger,
  input: ClaimJobsInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job[]> {
  const { workerId, actor, presets, jobIds } = input
  const limit = input.limit ?? 1
  const leaseSeconds = input.leaseSeconds ?? 60
  const check = new InputCheck(ledger.limits)
  check.name('workerId', workerId)
  check.actor(actor)
  check.integer('limit', limit, 1, MAX_CLAIM_SIZE)
  checkLease(check, leaseSeconds)
  checkNames(check, 'presets', presets)
  checkIds(check, jobIds)
  check.throwIfAny()
  const due = dueAmong(limit, presets && [...new Set(presets)], jobIds)
  const transition = claim({ actor, workerId, leaseSeconds })
  const fitting = fittingJobs(limit, transition, returned)
  const taken = fitting === Prisma.empty ? 'due' : 'fitting'
  const changes = Prisma.sql`
      WITH RECURSIVE ${due}, ${fitting}changed AS (${updateLocked(transition, taken)} RETURNING *)`
  const orderBy = Prisma.sql`changed.priority DESC, changed.run_at, changed.id`
  return retryConflicts(() => changeJobs(ledger, { changes, orderBy }, returned))
}

/**
 * The relation `fitting`: the first due jobs that fit into the response. Empty SQL if the limit
 * cannot exclude a job.
 */
function fittingJobs(limit: number, transition: Claim, { bound }: ReturnedJob): Prisma.Sql {
  if (bound === undefined || limit === 1) return Prisma.empty
  const bytes = Prisma.sql`${bytesOfJob('jobs', bound.shape)} + ${claimBytes(transition, bound.shape)}::bigint`
  return Prisma.sql`fitting AS MATERIALIZED (
      SELECT id FROM (
        SELECT id, sum(${bytes}) OVER urgency AS bytes, row_number() OVER urgency AS rank FROM jobs
        WHERE id = ANY (ARRAY(SELECT id FROM due)) WINDOW urgency AS (ORDER BY priority DESC, run_at, id)
      ) AS sized WHERE rank = 1 OR bytes <= ${bound.budget.left}::bigint
    ), `
}

type Claim = ReturnType<typeof claim>

/**
 * Bytes that the values written by the claim add to the response. PostgreSQL inserts spaces into
 * JSON, hence the factor 2.
 */
function claimBytes({ reason, metadata }: Claim, { job, record }: ResponseShape): number {
  const reasons = (job.stateReason ?? 0) + (record.reason ?? 0)
  const objects = (job.stateMetadata ?? 0) + (record.stateMetadata ?? 0)
  return reasons * Buffer.byteLength(reason) + objects * 2 * Buffer.byteLength(JSON.stringify(metadata))
}

function checkIds(check: InputCheck, ids: readonly string[] | null | undefined): void {
  if (!ids) return
  if (ids.length > MAX_CLAIM_SIZE)
    check.addIssue('jobIds', `must have at most ${MAX_CLAIM_SIZE} ids (got ${ids.length}).`)
  else for (const [index, id] of ids.entries()) check.uuid(['jobIds', String(index)], id)
}

/** Reports a lease that is too short or too long. */
export function checkLease(check: InputCheck, leaseSeconds: number): void {
  check.integer('leaseSeconds', leaseSeconds, 1, MAX_LEASE_SECONDS)
}

function dueAmong(
  limit: number,
  presets: string[] | null | undefined,
  jobIds: string[] | null | undefined,
): Prisma.Sql {
  if (jobIds != null) return dueJobsNamed(jobIds, limit, presets ?? null)
  return presets == null ? dueJobs(limit) : dueJobsOf(presets, limit)
}

// dueJobs and dueJobsOf visit the existing priorities, highest first, and read the due jobs of
// each, which are one index range. So they never read jobs that are not due yet, no matter how many
// there are and how high their priority is. The lateral join keeps the order of its left side and
// stops at the limit, so it locks only the rows it returns. They use now() because
// jobledger.current_instant() is volatile and cannot bound an index range. MATERIALIZED, because a
// query that locks rows must run once (PostgreSQL documentation, SELECT, "The Locking Clause").
function dueJobs(limit: number): Prisma.Sql {
  return Prisma.sql`
    ${DUE_BOUND}, ${PRIORITY_LEVELS}, due AS MATERIALIZED (
      SELECT job.id FROM level CROSS JOIN LATERAL (
        SELECT id FROM jobs WHERE state = 'PENDING' AND priority = level.priority AND ${IS_WITHIN_BOUND} AND ${IS_DUE}
        ORDER BY run_at, id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED
      ) AS job LIMIT ${limit}
    )`
}

// With several presets, this locks the first jobs of each preset before it picks the first of all.
// The extra locks last only as long as the statement.
function dueJobsOf(presets: string[], limit: number): Prisma.Sql {
  return Prisma.sql`
    ${DUE_BOUND}, preset_level AS (
      SELECT wanted.preset, (SELECT jobs.priority FROM jobs WHERE jobs.state = 'PENDING' AND jobs.preset = wanted.preset
        ORDER BY jobs.priority DESC LIMIT 1) AS priority
      FROM unnest(${presets}::text[]) AS wanted (preset)
      UNION ALL
      SELECT preset_level.preset, (SELECT jobs.priority FROM jobs WHERE jobs.state = 'PENDING'
        AND jobs.preset = preset_level.preset AND jobs.priority < preset_level.priority ORDER BY jobs.priority DESC LIMIT 1)
      FROM preset_level WHERE preset_level.priority IS NOT NULL
    ), level AS (
      SELECT priority, array_agg(preset) AS presets FROM preset_level WHERE priority IS NOT NULL
      GROUP BY priority ORDER BY priority DESC
    ), due AS MATERIALIZED (
      SELECT job.id FROM level CROSS JOIN LATERAL (
        SELECT first.id FROM unnest(level.presets) AS wanted (preset) CROSS JOIN LATERAL (
          SELECT id, run_at FROM jobs WHERE state = 'PENDING' AND preset = wanted.preset AND priority = level.priority
            AND ${IS_WITHIN_BOUND} AND ${IS_DUE}
          ORDER BY run_at, id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED
        ) AS first ORDER BY first.run_at, first.id LIMIT ${limit}
      ) AS job LIMIT ${limit}
    )`
}

function dueJobsNamed(ids: string[], limit: number, presets: string[] | null): Prisma.Sql {
  return Prisma.sql`
    due AS MATERIALIZED (
      SELECT id FROM jobs WHERE id = ANY (${ids}::uuid[]) AND state = 'PENDING' AND ${IS_DUE}
        AND (${presets}::text[] IS NULL OR preset = ANY (${presets}::text[]))
      ORDER BY priority DESC, run_at, id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED
    )`
}
