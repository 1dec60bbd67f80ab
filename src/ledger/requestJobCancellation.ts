// Asks for a job to be cancelled: one that waits is cancelled at once, one that is worked on when its worker has stopped, or at the end
// of its lease. To cancel without waiting for anybody is transitionJob.
import { retryConflicts } from '../database/faults.ts'
import { type Job, Prisma } from '../database/generated/client.ts'
import { IllegalTransitionError, JobNotFoundError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import { changeJobs, type JobAnswer, jobAsIs, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'

export interface RequestJobCancellationInput {
  jobId: string
  actor: string
  reason?: string | null | undefined
}

/**
 * Cancels a PENDING job; notes the request on a PROCESSING one, of which the first request stays. Returns the job as it is then.
 *
 * @throws JobNotFoundError, IllegalTransitionError (the job is finished), InvalidInputError, AnswerTooLargeError. Then nothing was written.
 */
export async function requestJobCancellation(
  ledger: Ledger,
  input: RequestJobCancellationInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const { jobId, actor, reason } = input
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', jobId)
  check.actor(actor)
  check.text('reason', reason, 'reasonBytes')
  check.done()
  // Between two of the looks somebody may move the job from one of these states to the other; then they are taken again.
  for (;;) {
    for (const changes of [cancelWaiting(input), askWorker(input)]) {
      const [written] = await retryConflicts(() => changeJobs(ledger, { changes }, answer))
      if (written) return written
    }
    const job = await jobAsIs(ledger, jobId, answer)
    if (job === undefined) throw new JobNotFoundError(jobId)
    if (job.state === 'PROCESSING' && job.cancelRequestedAt !== null) return job
    if (job.state !== 'PENDING' && job.state !== 'PROCESSING') throw new IllegalTransitionError(job, 'CANCELLED')
  }
}

function cancelWaiting({ jobId, actor, reason }: RequestJobCancellationInput): Prisma.Sql {
  return Prisma.sql`WITH changed AS (
    UPDATE jobs SET state = 'CANCELLED', version = version + 1, state_actor = ${actor}, state_reason = ${reason ?? null}::text,
      state_metadata = '{}'
    WHERE id = ${jobId}::uuid AND state = 'PENDING'
    RETURNING *)`
}

function askWorker({ jobId, actor, reason }: RequestJobCancellationInput): Prisma.Sql {
  return Prisma.sql`WITH changed AS (
    UPDATE jobs SET cancel_requested_at = now(), cancel_requested_by = ${actor}, cancel_reason = ${reason ?? null}::text
    WHERE id = ${jobId}::uuid AND state = 'PROCESSING' AND cancel_requested_at IS NULL
    RETURNING *)`
}
