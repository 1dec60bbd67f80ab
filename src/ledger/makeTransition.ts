// Makes a transition of one job, or finds out why it may not happen.

import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { IllegalTransitionError, type InvalidInputError, JobNotFoundError, VersionConflictError } from './errors.ts'
import type { InputCheck } from './inputCheck.ts'
import { changeJobs, type JobAnswer, jobAsIs } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { isLegalTransition } from './states.ts'
import { type JobTransition, type TransitionDetails, type TransitionTarget, updateOne } from './transition.ts'

/** What the author of a transition says about it, and at which version and state it expects the job. */
export interface TransitionCommand extends TransitionDetails, TransitionTarget {}

/** Why a transition may not happen. */
export type TransitionRefusal = JobNotFoundError | IllegalTransitionError | VersionConflictError | InvalidInputError

/** What belongs to the statement of a transition beside the UPDATE. */
export interface TransitionExtras {
  /** Makes more changes in the same commit: further queries of the WITH clause, which may read the moved job from `changed`. */
  readonly queries?: Prisma.Sql
  /** Bytes that the answer has beside the job. */
  readonly otherBytes?: number
}

/** Notes what is wrong with the parts that all transitions have. */
export function validateTransition(check: InputCheck, note: TransitionCommand): InputCheck {
  check.uuid('jobId', note.jobId)
  check.actor(note.actor)
  check.text('reason', note.reason, 'reasonBytes')
  check.metadata('metadata', note.metadata)
  check.integer('expectedVersion', note.expectedVersion, 1)
  return check
}

/**
 * Makes the transition and returns the job as it is then. One statement; a second one finds out why a transition did not happen. If the
 * job has become fit for it between the two, the transition is tried again.
 *
 * @throws JobNotFoundError (also for a job of another owner), IllegalTransitionError, VersionConflictError, AnswerTooLargeError. Then
 * nothing was written.
 */
export async function makeTransition(
  ledger: Ledger,
  { transition, target }: { transition: JobTransition; target: TransitionTarget },
  answer: JobAnswer,
  { queries, otherBytes = 0 }: TransitionExtras = {},
): Promise<Job> {
  const update = updateOne(transition, target)
  const changes = Prisma.sql`WITH changed AS (${update} RETURNING *)${queries ? Prisma.sql`, ${queries}` : Prisma.empty}`
  for (;;) {
    const [job] = await retryConflicts(() => changeJobs(ledger, { changes, otherBytes }, answer))
    if (job) return job
    const current = await jobAsIs(ledger, target, { fields: new Set() })
    const refused = refusal(current, transition, target)
    if (refused) throw refused
  }
}

/** Why the transition of a job as it is may not happen; undefined if it may. */
export function refusal(
  job: Pick<Job, 'id' | 'state' | 'version' | 'deletedAt'> | undefined,
  { to, from }: Pick<JobTransition, 'to' | 'from'>,
  { jobId, expectedVersion, expectedState }: TransitionTarget,
): TransitionRefusal | undefined {
  if (job === undefined) return new JobNotFoundError(jobId)
  // A caller whose view is old learns first that it is old: the state it asks for may be the one that another caller reached.
  if ((expectedVersion ?? job.version) !== job.version || (expectedState ?? job.state) !== job.state) {
    return new VersionConflictError(job, { version: expectedVersion ?? null, state: expectedState ?? null })
  }
  if (!isLegalTransition(job.state, to)) return new IllegalTransitionError(job, to)
  // Another operation leads to the same state from this one: what releases a job must not retry it.
  const state: JobState | undefined = from.includes(job.state) ? undefined : from[0]
  return state && new VersionConflictError(job, { state })
}
