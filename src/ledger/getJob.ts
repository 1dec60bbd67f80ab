// Reads one job.
import type { Job, JobState } from '../database/generated/client.ts'
import type { Ledger } from './ledger.ts'

/** The job with this id (a UUID), deleted or not; null if there is none. */
export async function getJob(ledger: Ledger, jobId: string): Promise<Job | null> {
  return ledger.prisma.job.findUnique({ where: { id: jobId } })
}

/** The state that a job is in; null if there is no such job. */
export async function getJobState(ledger: Ledger, jobId: string): Promise<JobState | null> {
  const job = await ledger.prisma.job.findUnique({ where: { id: jobId }, select: { state: true } })
  return job?.state ?? null
}
