// Ends the processing of a job: the transition and the result in one commit, because they are one statement.
import { type Job, JobResultStatus, Prisma } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { changeJobs, type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import { checkResult, type ResultInput, resultBytes, upsertResult } from './jobResult.ts'
import type { Ledger } from './ledger.ts'
import { sourcesOf } from './states.ts'
import { checkNote, type TransitionJobInput, type TransitionNote, untilDecided } from './transitionJob.ts'

export type CompleteJobInput = TransitionNote & Pick<ResultInput, 'output' | 'processingTimeMs'>

export type FailJobInput = TransitionNote &
  Pick<ResultInput, 'output' | 'processingTimeMs'> & {
    errorMessage: string
    /** The work took too long: the status of the result is TIMEOUT instead of ERROR. */
    timedOut?: boolean | null | undefined
  }

/**
 * Moves a job from PROCESSING to COMPLETED and sets its result to SUCCESS with `output`.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError, AnswerTooLargeError. Then nothing was written.
 */
export async function completeJob(
  ledger: Ledger,
  input: CompleteJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const { output, processingTimeMs } = input
  const result = { status: JobResultStatus.SUCCESS, output, processingTimeMs }
  return finish(ledger, { note: { ...input, to: 'COMPLETED' }, result, answer })
}

/**
 * Moves a job from PROCESSING to FAILED and sets its result to ERROR, or TIMEOUT if it `timedOut`.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError, AnswerTooLargeError. Then nothing was written.
 */
export async function failJob(ledger: Ledger, input: FailJobInput, answer: JobAnswer = WHOLE_JOB): Promise<Job> {
  const { output, processingTimeMs, errorMessage } = input
  const status = input.timedOut ? JobResultStatus.TIMEOUT : JobResultStatus.ERROR
  const result = { status, output, processingTimeMs, errorMessage }
  return finish(ledger, { note: { ...input, to: 'FAILED' }, result, answer })
}

interface Finish {
  readonly note: TransitionJobInput
  readonly result: ResultInput
  readonly answer: JobAnswer
}

async function finish(ledger: Ledger, { note, result, answer }: Finish): Promise<Job> {
  checkResult(checkNote(new InputCheck(ledger.limits), note), result).done()
  const { jobId, to, actor, reason = null, metadata, expectedVersion = null, expectedState = null } = note
  const otherBytes = resultBytes(result, answer)
  return untilDecided(ledger, note, async () => {
    const changes = Prisma.sql`
      WITH changed AS (
        UPDATE jobs SET state = ${to}::job_state, version = version + 1, state_reason = ${reason}, state_actor = ${actor},
          state_metadata = ${JSON.stringify(metadata ?? {})}::jsonb, state_error = ${result.errorMessage ?? null}::text
        WHERE id = ${jobId}::uuid AND deleted_at IS NULL AND state = ANY (${sourcesOf(to)}::job_state[])
          AND version = coalesce(${expectedVersion}::integer, version) AND state = coalesce(${expectedState}::job_state, state)
        RETURNING *
      ), kept AS (${upsertResult('changed', result)})`
    const [job] = await changeJobs(ledger, { changes, otherBytes }, answer)
    return job
  })
}
