// Makes a transition of one job, or finds out why it is refused.

import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { IllegalTransitionError, type InvalidInputError, JobNotFoundError, VersionConflictError } from './errors.ts'
import type { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { changeJobs, currentJob, type ReturnedJob } from './returnedJob.ts'
import { isLegalTransition } from './states.ts'
import { type JobTransition, type TransitionDetails, type TransitionTarget, updateOne } from './transition.ts'

/** The details of a transition, and the version and state that the caller expects. */
export interface TransitionCommand extends TransitionDetails, TransitionTarget {}

/** Why a transition is refused. */
export type TransitionRefusal = JobNotFoundError | IllegalTransitionError | VersionConflictError | InvalidInputError

/** Additions to the statement of a transition. */
export interface TransitionExtras {
  /**
   * More queries of the WITH clause, for changes in the same commit. They may read the new state of
   * the job from `changed`.
   */
  readonly queries?: Prisma.Sql
  /** Bytes of the response in addition to the job. */
  readonly otherBytes?: number
}

/** Reports the issues of the fields that all transitions have. */
export function validateTransition(check: InputCheck, command: TransitionCommand): InputCheck {
  check.uuid('jobId', command.jobId)
  check.actor(command.actor)
  check.text('reason', command.reason, 'reasonBytes')
  check.metadata('metadata', command.metadata)
  check.integer('expectedVersion', command.expectedVersion, 1)
  return check
}

/**
 * Makes the transition in one statement and returns the job after it. If the transition is refused,
 * a second statement finds out why. If the job allows the transition by then, tries again.
 *
 * @throws JobNotFoundError (also for a job of another owner), IllegalTransitionError,
 * VersionConflictError, ResponseTooLargeError. In all cases nothing was written.
 */
export async function makeTransition(
  ledger: Ledger,
  { transition, target }: { transition: JobTransition; target: TransitionTarget },
  returned: ReturnedJob,
  { queries, otherBytes = 0 }: TransitionExtras = {},
): Promise<Job> {
  const update = updateOne(transition, target)
  const changes = Prisma.sql`WITH changed AS (${update} RETURNING *)${queries ? Prisma.sql`, ${queries}` : Prisma.empty}`
  for (;;) {
    const [job] = await retryConflicts(() => changeJobs(ledger, { changes, otherBytes }, returned))
    if (job) return job
    const current = await currentJob(ledger, target, { fields: new Set() })
    const refused = refusal(current, transition, target)
    if (refused) throw refused
  }
}

/** Why the transition of the current job is refused; undefined if it is allowed. */
export function refusal(
  job: Pick<Job, 'id' | 'state' | 'version' | 'deletedAt'> | undefined,
  { to, from }: Pick<JobTransition, 'to' | 'from'>,
  { jobId, expectedVersion, expectedState }: TransitionTarget,
): TransitionRefusal | undefined {
  if (job === undefined) return new JobNotFoundError(jobId)
  // Reports a version conflict first, because another caller may have made the same transition
  // already.
  if ((expectedVersion ?? job.version) !== job.version || (expectedState ?? job.state) !== job.state) {
    return new VersionConflictError(job, { version: expectedVersion ?? null, state: expectedState ?? null })
  }
  if (!isLegalTransition(job.state, to)) return new IllegalTransitionError(job, to)
  // The state machine allows this, but for a different operation: releasing a job must not retry
  // it.
  const state: JobState | undefined = from.includes(job.state) ? undefined : from[0]
  return state && new VersionConflictError(job, { state })
}
