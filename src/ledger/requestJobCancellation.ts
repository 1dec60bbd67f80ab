// Asks for a job to be cancelled: one that waits is cancelled at once, one that is worked on when its worker has stopped, or at the end
// of its lease. To cancel without waiting for anybody is transitionJob.
import { retryConflicts } from '../database/faults.ts'
import type { Job } from '../database/generated/client.ts'
import { IllegalTransitionError, JobNotFoundError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'

export interface RequestJobCancellationInput {
  jobId: string
  actor: string
  reason?: string | null | undefined
}

/**
 * Cancels a PENDING job; notes the request on a PROCESSING one, of which the first request stays. Returns the job as it is then.
 *
 * @throws JobNotFoundError, IllegalTransitionError (the job is finished), InvalidInputError. Then nothing was written.
 */
export async function requestJobCancellation(ledger: Ledger, input: RequestJobCancellationInput): Promise<Job> {
  const { jobId, actor, reason } = input
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', jobId)
  check.actor(actor)
  check.text('reason', reason, 'reasonBytes')
  check.done()
  // Between two of the looks somebody may move the job from one of these states to the other; then they are taken again.
  for (;;) {
    const written = (await cancelWaiting(ledger, input)) ?? (await askWorker(ledger, input))
    if (written) return written
    const job = await ledger.prisma.job.findUnique({ where: { id: jobId } })
    if (job === null) throw new JobNotFoundError(jobId)
    if (job.state === 'PROCESSING' && job.cancelRequestedAt !== null) return job
    if (job.state !== 'PENDING' && job.state !== 'PROCESSING') throw new IllegalTransitionError(job, 'CANCELLED')
  }
}

async function cancelWaiting(ledger: Ledger, input: RequestJobCancellationInput): Promise<Job | undefined> {
  const [job] = await retryConflicts(() =>
    ledger.prisma.job.updateManyAndReturn({
      where: { id: input.jobId, state: 'PENDING' },
      data: {
        state: 'CANCELLED',
        version: { increment: 1 },
        stateReason: input.reason ?? null,
        stateActor: input.actor,
        stateMetadata: {},
      },
    }),
  )
  return job
}

async function askWorker(ledger: Ledger, input: RequestJobCancellationInput): Promise<Job | undefined> {
  const [job] = await retryConflicts(() =>
    ledger.prisma.job.updateManyAndReturn({
      where: { id: input.jobId, state: 'PROCESSING', cancelRequestedAt: null },
      // The database replaces this instant by its own.
      data: { cancelRequestedAt: new Date(), cancelRequestedBy: input.actor, cancelReason: input.reason ?? null },
    }),
  )
  return job
}
