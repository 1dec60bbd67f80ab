// Hands waiting jobs to a worker: a transition like any other, so the version of a claimed job is the fencing token of its worker.

import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { DUE_BOUND, IS_DUE, IS_WITHIN_BOUND } from './dueJobs.ts'
import { InputCheck } from './inputCheck.ts'
import { type AnswerShape, bytesOfJob, changeJobs, type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import { checkNames } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { MAX_CLAIM_SIZE, MAX_LEASE_SECONDS } from './limits.ts'
import { claim, updateLocked } from './transition.ts'

export interface ClaimJobsInput {
  /** Names the worker in the records, beside the actor. */
  workerId: string
  actor: string
  /** So many jobs at most; 1 by default. */
  limit?: number | null | undefined
  /** The jobs are the worker's for so long, unless it extends the lease; 60 by default. */
  leaseSeconds?: number | null | undefined
  /** Only jobs with one of these presets. */
  presets?: string[] | null | undefined
  /** Only jobs among these: UUIDs, at most `MOST_CLAIMED`. */
  jobIds?: string[] | null | undefined
}

/**
 * Moves the first jobs of the queue from PENDING to PROCESSING and returns them, the most urgent first: by priority, then by how
 * long they have been due. One statement; two callers never get the same job, and none waits for the other. Where the answer has a
 * bound, it takes as many as fit, and at least one.
 *
 * @throws InvalidInputError; AnswerTooLargeError if a single job does not fit. Then nothing was written.
 */
export async function claimJobs(ledger: Ledger, input: ClaimJobsInput, answer: JobAnswer = WHOLE_JOB): Promise<Job[]> {
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
  const fitting = fittingJobs(limit, transition, answer)
  const taken = fitting === Prisma.empty ? 'due' : 'fitting'
  const changes = Prisma.sql`
      WITH RECURSIVE ${due}, ${fitting}changed AS (${updateLocked(transition, taken)} RETURNING *)`
  const orderBy = Prisma.sql`changed.priority DESC, changed.run_at, changed.id`
  return retryConflicts(() => changeJobs(ledger, { changes, orderBy }, answer))
}

/** The first of the due jobs that fit into the answer, as a relation `fitting`; nothing where no bound could leave one out. */
function fittingJobs(limit: number, transition: Claim, { bound }: JobAnswer): Prisma.Sql {
  if (bound === undefined || limit === 1) return Prisma.empty
  const bytes = Prisma.sql`${bytesOfJob('jobs', bound.shape)} + ${claimBytes(transition, bound.shape)}::bigint`
  return Prisma.sql`fitting AS MATERIALIZED (
      SELECT id FROM (
        SELECT id, sum(${bytes}) OVER urgency AS bytes, row_number() OVER urgency AS place FROM jobs
        WHERE id = ANY (ARRAY(SELECT id FROM due)) WINDOW urgency AS (ORDER BY priority DESC, run_at, id)
      ) AS sized WHERE place = 1 OR bytes <= ${bound.budget.left}::bigint
    ), `
}

type Claim = ReturnType<typeof claim>

/** The bytes that an answer has of what the claim writes. PostgreSQL puts spaces into JSON. */
function claimBytes({ reason, metadata }: Claim, { job, record }: AnswerShape): number {
  const reasons = (job.stateReason ?? 0) + (record.reason ?? 0)
  const objects = (job.stateMetadata ?? 0) + (record.stateMetadata ?? 0)
  return reasons * Buffer.byteLength(reason) + objects * 2 * Buffer.byteLength(JSON.stringify(metadata))
}

function checkIds(check: InputCheck, ids: readonly string[] | null | undefined): void {
  if (!ids) return
  if (ids.length > MAX_CLAIM_SIZE)
    check.addIssue('jobIds', `must be at most ${MAX_CLAIM_SIZE} ids; ${ids.length} came.`)
  else for (const [index, id] of ids.entries()) check.uuid(['jobIds', String(index)], id)
}

/** Notes a lease that is too short or too long. */
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

// The first two read the queue by the priorities that there are, the highest first, and of each priority the jobs that are due, which are a
// range of the index: jobs that wait for their time are not read, however many there are and however urgent they are. A lateral join
// keeps the order of its left side and stops at the limit, so no more rows are locked than are taken.
// now() and not jobledger.current_instant(), which is volatile and could not bound a range of an index. MATERIALIZED, because what locks rows must
// run once (PostgreSQL documentation, SELECT, "The Locking Clause").
function dueJobs(limit: number): Prisma.Sql {
  return Prisma.sql`
    ${DUE_BOUND}, level AS (
      (SELECT priority FROM jobs WHERE state = 'PENDING' ORDER BY priority DESC LIMIT 1)
      UNION ALL
      SELECT (SELECT jobs.priority FROM jobs WHERE jobs.state = 'PENDING' AND jobs.priority < level.priority
        ORDER BY jobs.priority DESC LIMIT 1)
      FROM level WHERE level.priority IS NOT NULL
    ), due AS MATERIALIZED (
      SELECT job.id FROM level CROSS JOIN LATERAL (
        SELECT id FROM jobs WHERE state = 'PENDING' AND priority = level.priority AND ${IS_WITHIN_BOUND} AND ${IS_DUE}
        ORDER BY run_at, id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED
      ) AS job LIMIT ${limit}
    )`
}

// Of several presets, the first jobs of each are locked before the first of all are taken: a few more than needed, for the moment
// that the statement lasts.
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
