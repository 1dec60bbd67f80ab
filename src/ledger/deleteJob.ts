// Soft-deletes jobs. A deleted job is CANCELLED, has `deletedAt`, and keeps its row, history and
// result.

import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { changeJobs, currentJob, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { softDelete, updateOne } from './transition.ts'

export interface DeleteJobInput {
  jobId: string
  /** Only if the job belongs to this user. */
  ownerId?: string | undefined
  actor: string
  reason?: string | null | undefined
}

export interface DeletedJob {
  /** False if the job does not exist or was deleted before; then nothing was written. */
  deleted: boolean
  /** The current job; null if it does not exist. */
  job: Job | null
}

/**
 * Soft-deletes a job in any state.
 *
 * @throws InvalidInputError, ResponseTooLargeError. In both cases nothing was written.
 */
export async function deleteJob(
  ledger: Ledger,
  input: DeleteJobInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<DeletedJob> {
  const check = new InputCheck(ledger.limits)
  check.uuid('jobId', input.jobId)
  check.actor(input.actor)
  check.text('reason', input.reason, 'reasonBytes')
  check.throwIfAny()
  const changes = Prisma.sql`WITH changed AS (${updateOne(softDelete(input), input)} RETURNING *)`
  const [job] = await retryConflicts(() => changeJobs(ledger, { changes }, returned))
  if (job) return { deleted: true, job }
  return { deleted: false, job: (await currentJob(ledger, input, returned)) ?? null }
}
