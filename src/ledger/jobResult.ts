// The result of a job. Completing or failing a job writes it together with the transition
// (finishJob.ts).

import { type JobResult, type JobResultStatus, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { JobNotFoundError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { changeJobs, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'

export interface ResultInput {
  status: JobResultStatus
  /** Any JSON. Null means no output. */
  output?: unknown
  errorMessage?: string | null | undefined
  /** Measured by the worker's clock. */
  processingTimeMs?: number | null | undefined
}

export interface SetJobResultInput extends ResultInput {
  jobId: string
  actor: string
}

/**
 * Creates or replaces the result of a job. Setting the same result again changes nothing, not even
 * `updatedAt`.
 *
 * @throws JobNotFoundError (also for a deleted job, whose result cannot change), InvalidInputError,
 * ResponseTooLargeError. In all cases nothing was written.
 */
export async function setJobResult(
  ledger: Ledger,
  input: SetJobResultInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<JobResult> {
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', input.jobId)
  check.actor(input.actor)
  checkResult(check, input).throwIfAny()
  const changes = Prisma.sql`WITH changed AS MATERIALIZED (
      SELECT * FROM jobs WHERE id = ${input.jobId}::uuid AND deleted_at IS NULL FOR SHARE
    ), kept AS (${upsertResult('changed', input, input.actor)})`
  const otherBytes = resultBytes(input, returned)
  await retryConflicts(() => changeJobs(ledger, { changes, otherBytes }, { ...returned, fields: new Set() }))
  const job = await ledger.prisma.job.findUnique({
    where: { id: input.jobId },
    select: { deletedAt: true, result: true },
  })
  if (job === null) throw new JobNotFoundError(input.jobId)
  if (job.deletedAt !== null || job.result === null) {
    throw new JobNotFoundError(input.jobId, `Job ${input.jobId} was deleted; its result cannot be changed.`)
  }
  return job.result
}

/** The result of a job; null if it has no result or does not exist. */
export async function getJobResult(ledger: Ledger, jobId: string): Promise<JobResult | null> {
  return ledger.prisma.jobResult.findUnique({ where: { jobId } })
}

/** The bytes that a result adds to the response of the operation that writes it. */
export function resultBytes({ output, errorMessage }: ResultInput, { bound }: ReturnedJob): number {
  const weights = bound?.shape.result ?? {}
  const bytes = (text: string | null | undefined): number => Buffer.byteLength(text ?? '')
  return (
    (weights.output === undefined ? 0 : weights.output * bytes(JSON.stringify(output))) +
    (weights.errorMessage ?? 0) * bytes(errorMessage)
  )
}

/** Reports the issues of a result. */
export function checkResult(check: InputCheck, result: ResultInput): InputCheck {
  check.json('output', result.output, 'outputBytes')
  check.text('errorMessage', result.errorMessage, 'errorMessageBytes')
  check.integer('processingTimeMs', result.processingTimeMs, 0)
  return check
}

/** The labels of the enum `job_result_status` in SQL. */
export const STATUS_IN_DATABASE: Record<JobResultStatus, string> = {
  SUCCESS: 'success',
  ERROR: 'error',
  TIMEOUT: 'timeout',
}

/**
 * The end of an INSERT into `job_results AS kept`: replaces another result. The same result again
 * changes nothing.
 */
export const REPLACE_RESULT = Prisma.sql`ON CONFLICT (job_id) DO UPDATE SET status = excluded.status, output = excluded.output,
      error_message = excluded.error_message, processing_time_ms = excluded.processing_time_ms,
      revision = kept.revision + 1, actor = excluded.actor
    WHERE (kept.status, kept.output, kept.error_message, kept.processing_time_ms)
      IS DISTINCT FROM (excluded.status, excluded.output, excluded.error_message, excluded.processing_time_ms)`

/**
 * A statement that sets `result`, on behalf of `actor`, for each job whose `id` is in the relation
 * named `jobs`. The database writes the record of a new revision.
 */
export function upsertResult(jobs: string, result: ResultInput, actor: string): Prisma.Sql {
  const output = result.output == null ? null : JSON.stringify(result.output)
  return Prisma.sql`
    INSERT INTO job_results AS kept (job_id, status, output, error_message, processing_time_ms, actor)
    SELECT id, ${STATUS_IN_DATABASE[result.status]}::job_result_status, ${output}::jsonb, ${result.errorMessage ?? null}::text,
      ${result.processingTimeMs ?? null}::integer, ${actor}
    FROM ${Prisma.raw(jobs)}
    ${REPLACE_RESULT}`
}
