// Requests the cancellation of a job. A waiting job is cancelled at once. A job in progress is
// cancelled when its worker has stopped or its lease ends. To cancel immediately in both cases, use
// transitionJob.

import { type Job, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { IllegalTransitionError, JobNotFoundError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import { ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { changeJobs, currentJob, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { cancel, updateOne } from './transition.ts'

export interface RequestJobCancellationInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  reason?: string | null | undefined
}

/**
 * Cancels a PENDING job, or stores the request on a PROCESSING job; later requests do not replace
 * it. Returns the job after that.
 *
 * @throws JobNotFoundError, IllegalTransitionError (the job is finished), InvalidInputError,
 * ResponseTooLargeError. In all cases nothing was written.
 */
export async function requestJobCancellation(
  ledger: Ledger,
  input: RequestJobCancellationInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job> {
  const { jobId, actor, reason } = input
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', jobId)
  check.actor(actor)
  check.text('reason', reason, 'reasonBytes')
  check.throwIfAny()
  // One of the two updates applies. If the job changes its state at the same time, neither may
  // apply; then the loop tries again.
  const changes = Prisma.sql`WITH cancelled AS (${updateOne(cancel(input), { ...input, expectedState: 'PENDING' })} RETURNING *),
    requested AS (${storeRequest(input)} RETURNING *),
    changed AS (SELECT * FROM cancelled UNION ALL SELECT * FROM requested)`
  for (;;) {
    const [written] = await retryConflicts(() => changeJobs(ledger, { changes }, returned))
    if (written) return written
    const job = await currentJob(ledger, input, returned)
    if (job === undefined) throw new JobNotFoundError(jobId)
    if (job.state === 'PROCESSING' && job.cancelRequestedAt !== null) return job
    if (job.state !== 'PENDING' && job.state !== 'PROCESSING') throw new IllegalTransitionError(job, 'CANCELLED')
  }
}

function storeRequest({ jobId, ownerId, actor, reason }: RequestJobCancellationInput): Prisma.Sql {
  const conditions = [
    Prisma.sql`id = ${jobId}::uuid AND state = 'PROCESSING' AND cancel_requested_at IS NULL`,
    ...ownerConditions({ ownerId }),
  ]
  return Prisma.sql`UPDATE jobs SET cancel_requested_at = now(), cancel_requested_by = ${actor},
    cancel_reason = ${reason ?? null}::text WHERE ${and(conditions)}`
}
