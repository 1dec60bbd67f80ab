// Gives a job back that a worker holds, without using up an attempt.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { makeTransition, validateTransition } from './makeTransition.ts'
import { release } from './transition.ts'

export interface ReleaseJobInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  /** The version at which the worker holds the job. */
  expectedVersion: number
  reason?: string | null | undefined
  /** Not claimed again earlier; by default the job is where it was in the queue. */
  runAt?: Date | null | undefined
}

/**
 * Moves a job from PROCESSING back to PENDING and returns it as it is then. If it was asked to be cancelled, the database cancels it
 * in the same commit.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function releaseJob(
  ledger: Ledger,
  { runAt, ...note }: ReleaseJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const check = validateTransition(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.throwIfAny()
  return makeTransition(ledger, { transition: release(note, runAt), target: note }, answer)
}
