// Tries a failed job once more, by hand: also when its attempts are used up.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { makeTransition, validateTransition } from './makeTransition.ts'
import { retry } from './transition.ts'

export interface RetryJobInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  reason?: string | null | undefined
  /** Not claimed again earlier; by default at once, whenever it was due before. */
  runAt?: Date | null | undefined
  expectedVersion?: number | null | undefined
}

/**
 * Moves a job from FAILED to PENDING and returns it as it is then.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function retryJob(
  ledger: Ledger,
  { runAt, ...note }: RetryJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const check = validateTransition(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.throwIfAny()
  return makeTransition(ledger, { transition: retry(note, runAt), target: note }, answer)
}
