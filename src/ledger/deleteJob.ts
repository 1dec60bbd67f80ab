// Soft-deletes jobs: a deleted job is CANCELLED, has `deletedAt`, and keeps its row, history and result.
import { retryConflicts } from '../database/faults.ts'
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'

export interface DeleteJobInput {
  jobId: string
  actor: string
  reason?: string | null | undefined
}

export interface DeletedJob {
  /** False if there is no such job or if it was deleted before; then nothing was written. */
  deleted: boolean
  /** The job as it is now; null if there is none. */
  job: Job | null
}

/**
 * Soft-deletes a job in whatever state it is.
 *
 * @throws InvalidInputError
 */
export async function deleteJob(ledger: Ledger, { jobId, actor, reason }: DeleteJobInput): Promise<DeletedJob> {
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', jobId)
  check.actor(actor)
  check.text('reason', reason, 'reasonBytes')
  check.done()
  const [job] = await retryConflicts(() =>
    ledger.prisma.job.updateManyAndReturn({
      where: { id: jobId, deletedAt: null },
      data: {
        state: 'CANCELLED',
        // The database replaces this instant by its own.
        deletedAt: new Date(),
        version: { increment: 1 },
        stateReason: reason ?? null,
        stateActor: actor,
        stateMetadata: {},
      },
    }),
  )
  if (job) return { deleted: true, job }
  return { deleted: false, job: await ledger.prisma.job.findUnique({ where: { id: jobId } }) }
}
