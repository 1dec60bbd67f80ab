// The UPDATE that moves jobs from state to state, and one constructor for each kind of transition.
// A constructor defines which columns change; the UPDATE exists once. The database checks the
// transition, sets the times and writes the record in the same commit. jobledger.transition_jobs
// (prisma/migrations) makes the transitions of a batch.
import { type JobState, Prisma } from '../database/generated/client.ts'
import type { JsonObject } from './inputCheck.ts'
import { fromStatesOf, JOB_STATES } from './states.ts'

/** The actor and the reason of a transition. */
export interface TransitionDetails {
  readonly actor: string
  readonly reason?: string | null | undefined
  readonly metadata?: JsonObject | null | undefined
}

/** The job of a transition, and its expected version and state. */
export interface TransitionTarget {
  readonly jobId: string
  /**
   * The scope of the caller: only if the job belongs to this user. Otherwise the job counts as
   * missing.
   */
  readonly ownerId?: string | undefined
  readonly expectedVersion?: number | null | undefined
  readonly expectedState?: JobState | null | undefined
}

/** A value, or an expression on the row before the transition. */
type Value<T> = T | Prisma.Sql

/**
 * The columns that a transition writes. Use a constructor below, because not all combinations are
 * valid.
 */
export interface Transition {
  readonly to: Value<JobState>
  readonly actor: string
  readonly reason?: Value<string> | null | undefined
  readonly metadata?: JsonObject | null | undefined
  /** The error message. Only for a transition to FAILED. */
  readonly error?: Value<string> | null | undefined
  /** Comma-separated assignments to other columns. */
  readonly otherAssignments?: Prisma.Sql
}

/** A transition of one job. Applies only if the job is in one of the states `from`. */
export interface JobTransition extends Transition {
  readonly to: JobState
  readonly from: readonly JobState[]
}

/** Starts work without a lease. */
function start(details: TransitionDetails): JobTransition {
  return { ...details, to: 'PROCESSING', from: fromStatesOf('PROCESSING') }
}

/**
 * Starts work under a lease, by the clock of the database. The version of the claimed job is the
 * worker's fencing token.
 */
export function claim(input: { actor: string; workerId: string; leaseSeconds: number }) {
  const { actor, workerId, leaseSeconds } = input
  return {
    to: 'PROCESSING',
    actor,
    reason: `claimed by ${workerId}`,
    metadata: { workerId },
    otherAssignments: Prisma.sql`lease_expires_at = jobledger.current_instant() + interval '1 second' * ${leaseSeconds}::integer`,
  } satisfies Transition
}

export function complete(details: TransitionDetails): JobTransition {
  return { ...details, to: 'COMPLETED', from: fromStatesOf('COMPLETED') }
}

export function fail(details: TransitionDetails, error: string | null | undefined): JobTransition {
  return { ...details, to: 'FAILED', from: fromStatesOf('FAILED'), error }
}

export function cancel(details: TransitionDetails): JobTransition {
  return { ...details, to: 'CANCELLED', from: fromStatesOf('CANCELLED') }
}

/** Returns a job to the queue without using up an attempt. By default the job keeps its place. */
export function release(details: TransitionDetails, runAt?: Date | null): JobTransition {
  const otherAssignments = Prisma.sql`${NOT_AN_ATTEMPT}, run_at = coalesce(${runAt ?? null}::timestamptz, run_at)`
  return { ...details, to: 'PENDING', from: ['PROCESSING'], otherAssignments }
}

/** Returns a failed job to the queue. By default it is due now, by the clock of the database. */
export function retry(details: TransitionDetails, runAt?: Date | null): JobTransition {
  const otherAssignments = Prisma.sql`run_at = coalesce(${runAt ?? null}::timestamptz, least(run_at, jobledger.current_instant()))`
  return { ...details, to: 'PENDING', from: ['FAILED'], otherAssignments }
}

/** Returns a PROCESSING or FAILED job to the queue without changing its due time. */
function requeue(details: TransitionDetails): JobTransition {
  return { ...details, to: 'PENDING', from: fromStatesOf('PENDING'), otherAssignments: NOT_AN_ATTEMPT }
}

/** The database ignores this if the job was not PROCESSING. */
const NOT_AN_ATTEMPT = Prisma.sql`releases = releases + 1`

/** Soft-deletes a job in any state. */
export function softDelete(details: TransitionDetails): JobTransition {
  return { ...details, to: 'CANCELLED', from: JOB_STATES, otherAssignments: Prisma.sql`deleted_at = now()` }
}

/** An expression for the next state of a job whose worker is gone. */
export const RESCUE_OUTCOME = Prisma.sql`CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
  WHEN attempt - releases >= max_attempts THEN 'FAILED' ELSE 'PENDING' END::job_state`

/** Ends the attempt of a worker that is gone. `cause` explains how that was detected. */
export function rescue({ actor, cause }: { actor: string; cause: string }): Transition {
  return {
    to: RESCUE_OUTCOME,
    actor,
    reason: Prisma.sql`CASE WHEN cancel_requested_at IS NULL THEN ${cause}
      ELSE concat('requested by ', cancel_requested_by, ': ' || cancel_reason, ' (', ${cause}::text, ')') END`,
    error: Prisma.sql`CASE WHEN ${RESCUE_OUTCOME} = 'FAILED'
      THEN format('The worker is gone (%s), and the attempts are used up (%s).', ${cause}::text, max_attempts) END`,
  }
}

const BY_STATE: Readonly<Record<JobState, (details: TransitionDetails) => JobTransition>> = {
  PENDING: requeue,
  PROCESSING: start,
  COMPLETED: complete,
  FAILED: (details) => fail(details, details.reason),
  CANCELLED: cancel,
}

/**
 * The transition to `state` from every state that allows it. A failure uses its reason as the
 * error.
 */
export function transitionTo(state: JobState, details: TransitionDetails): JobTransition {
  return BY_STATE[state](details)
}

/**
 * The UPDATE of the target, without RETURNING. Matches no row if the job is not in the expected
 * state and version, or not in scope.
 */
export function updateOne(transition: JobTransition, target: TransitionTarget): Prisma.Sql {
  const { jobId, ownerId, expectedVersion, expectedState } = target
  const from = transition.from.filter((state) => expectedState == null || state === expectedState)
  const owner = ownerId === undefined ? Prisma.empty : Prisma.sql` AND user_id = ${ownerId}`
  const condition = Prisma.sql`id = ${jobId}::uuid AND deleted_at IS NULL AND state = ANY (${from}::job_state[])
      AND version = coalesce(${expectedVersion ?? null}::integer, version)${owner}`
  return update(transition, condition)
}

/**
 * The UPDATE of the jobs whose ids are in the relation named `ids`, without RETURNING. That
 * relation must be MATERIALIZED and lock the rows. Uses an array, because a join on an unknown
 * number of rows can make the planner scan the whole table.
 */
export function updateLocked(transition: Transition, ids: string): Prisma.Sql {
  return update(transition, Prisma.sql`id = ANY (ARRAY(SELECT id FROM ${Prisma.raw(ids)}))`)
}

function update(
  { to, actor, reason, metadata, error, otherAssignments }: Transition,
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`UPDATE jobs SET state = ${to}::job_state, version = version + 1, state_actor = ${actor},
      state_reason = ${reason ?? null}::text, state_metadata = ${JSON.stringify(metadata ?? {})}::jsonb,
      state_error = ${error ?? null}::text${otherAssignments ? Prisma.sql`, ${otherAssignments}` : Prisma.empty}
    WHERE ${condition}`
}
