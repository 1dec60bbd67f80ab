// Ends the processing of a job. One statement makes the transition and writes the result, so they
// commit together.
import { type Job, JobResultStatus, Prisma } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { checkResult, type ResultInput, resultBytes, upsertResult } from './jobResult.ts'
import type { Ledger } from './ledger.ts'
import { makeTransition, type TransitionCommand, validateTransition } from './makeTransition.ts'
import { type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { complete, fail, type JobTransition } from './transition.ts'

export type CompleteJobInput = TransitionCommand & Pick<ResultInput, 'output' | 'processingTimeMs'>

export type FailJobInput = TransitionCommand &
  Pick<ResultInput, 'output' | 'processingTimeMs'> & {
    errorMessage: string
    /** The work took too long. Sets the status of the result to TIMEOUT instead of ERROR. */
    timedOut?: boolean | null | undefined
  }

/**
 * Moves a job from PROCESSING to COMPLETED and sets its result to SUCCESS with `output`.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError,
 * ResponseTooLargeError. In all cases nothing was written.
 */
export async function completeJob(
  ledger: Ledger,
  input: CompleteJobInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job> {
  const { output, processingTimeMs } = input
  const result = { status: JobResultStatus.SUCCESS, output, processingTimeMs }
  return finish(ledger, { command: input, transition: complete(input), result, returned })
}

/**
 * Moves a job from PROCESSING to FAILED and sets its result to ERROR, or TIMEOUT if it `timedOut`.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError,
 * ResponseTooLargeError. In all cases nothing was written.
 */
export async function failJob(ledger: Ledger, input: FailJobInput, returned: ReturnedJob = WHOLE_JOB): Promise<Job> {
  const { output, processingTimeMs, errorMessage } = input
  const status = input.timedOut ? JobResultStatus.TIMEOUT : JobResultStatus.ERROR
  const result = { status, output, processingTimeMs, errorMessage }
  return finish(ledger, { command: input, transition: fail(input, errorMessage), result, returned })
}

interface Finish {
  readonly command: TransitionCommand
  readonly transition: JobTransition
  readonly result: ResultInput
  readonly returned: ReturnedJob
}

async function finish(ledger: Ledger, { command, transition, result, returned }: Finish): Promise<Job> {
  checkResult(validateTransition(new InputCheck(ledger.limits), command), result).throwIfAny()
  const extras = {
    queries: Prisma.sql`kept AS (${upsertResult('changed', result, command.actor)})`,
    otherBytes: resultBytes(result, returned),
  }
  return makeTransition(ledger, { transition, target: command }, returned, extras)
}
