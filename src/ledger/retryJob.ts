// Retries a failed job manually, even if its attempts are used up.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { makeTransition, validateTransition } from './makeTransition.ts'
import { type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { retry } from './transition.ts'

export interface RetryJobInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  reason?: string | null | undefined
  /** Earliest time of the next claim. Default: now, or earlier if the job was due earlier. */
  runAt?: Date | null | undefined
  expectedVersion?: number | null | undefined
}

/**
 * Moves a job from FAILED to PENDING and returns the job after it.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. In all
 * cases nothing was written.
 */
export async function retryJob(
  ledger: Ledger,
  { runAt, ...command }: RetryJobInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job> {
  const check = validateTransition(new InputCheck(ledger.limits), command)
  check.instant('runAt', runAt)
  check.throwIfAny()
  return makeTransition(ledger, { transition: retry(command, runAt), target: command }, returned)
}
