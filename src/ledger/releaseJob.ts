// Returns a worker's job to the queue without using up an attempt.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { makeTransition, validateTransition } from './makeTransition.ts'
import { type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { release } from './transition.ts'

export interface ReleaseJobInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  /** The version at which the worker holds the job. */
  expectedVersion: number
  reason?: string | null | undefined
  /** Earliest time of the next claim. By default the job keeps its place in the queue. */
  runAt?: Date | null | undefined
}

/**
 * Moves a job from PROCESSING to PENDING and returns the job after it. If its cancellation was
 * requested, the database cancels it in the same commit.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. In all
 * cases nothing was written.
 */
export async function releaseJob(
  ledger: Ledger,
  { runAt, ...command }: ReleaseJobInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job> {
  const check = validateTransition(new InputCheck(ledger.limits), command)
  check.instant('runAt', runAt)
  check.throwIfAny()
  return makeTransition(ledger, { transition: release(command, runAt), target: command }, returned)
}
