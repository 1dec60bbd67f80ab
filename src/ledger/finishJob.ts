// Ends the processing of a job: the transition and the result in one commit, because they are one statement.
import { type Job, JobResultStatus, type JobState, Prisma } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { jobColumns } from './jobColumns.ts'
import { checkResult, type ResultInput, upsertResult } from './jobResult.ts'
import type { Ledger } from './ledger.ts'
import { sourcesOf } from './states.ts'
import { checkNote, type TransitionNote, untilDecided } from './transitionJob.ts'

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
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function completeJob(ledger: Ledger, input: CompleteJobInput): Promise<Job> {
  const { output, processingTimeMs } = input
  return finish(ledger, 'COMPLETED', input, { status: JobResultStatus.SUCCESS, output, processingTimeMs })
}

/**
 * Moves a job from PROCESSING to FAILED and sets its result to ERROR, or TIMEOUT if it `timedOut`.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function failJob(ledger: Ledger, input: FailJobInput): Promise<Job> {
  const { output, processingTimeMs, errorMessage } = input
  const status = input.timedOut ? JobResultStatus.TIMEOUT : JobResultStatus.ERROR
  return finish(ledger, 'FAILED', input, { status, output, processingTimeMs, errorMessage })
}

async function finish(ledger: Ledger, to: JobState, note: TransitionNote, result: ResultInput): Promise<Job> {
  checkResult(checkNote(new InputCheck(ledger.limits), note), result).done()
  const { jobId, actor, reason = null, metadata, expectedVersion = null, expectedState = null } = note
  return untilDecided(ledger, { ...note, to }, async () => {
    const [job] = await ledger.rows.query<Job>(Prisma.sql`
      WITH moved AS (
        UPDATE jobs SET state = ${to}::job_state, version = version + 1, state_reason = ${reason}, state_actor = ${actor},
          state_metadata = ${JSON.stringify(metadata ?? {})}::jsonb
        WHERE id = ${jobId}::uuid AND deleted_at IS NULL AND state = ANY (${sourcesOf(to)}::job_state[])
          AND version = coalesce(${expectedVersion}::integer, version) AND state = coalesce(${expectedState}::job_state, state)
        RETURNING *
      ), kept AS (${upsertResult('moved', result)})
      SELECT ${jobColumns('moved')} FROM moved`)
    return job
  })
}
