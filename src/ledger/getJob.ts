// Reads one job.
import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { JOBS } from '../database/rows/tables.ts'
import { ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import type { JobSelection } from './listJobs.ts'

export interface GetJobOptions extends JobSelection {
  /** Only if the job is of this user: how a caller is confined to its own. */
  ownerId?: string | undefined
}

/** The job with this id (a UUID), deleted or not; null if there is none. */
export async function getJob(
  ledger: Ledger,
  jobId: string,
  { ownerId, select }: GetJobOptions = {},
): Promise<Job | null> {
  const where = and([Prisma.sql`jobs.id = ${jobId}::uuid`, ...ownerConditions({ ownerId })])
  const [job] = await ledger.sql.read<Job>(JOBS, { select, where })
  return job ?? null
}

/** The state that a job is in; null if there is no such job. */
export async function getJobState(ledger: Ledger, jobId: string): Promise<JobState | null> {
  const job = await ledger.prisma.job.findUnique({ where: { id: jobId }, select: { state: true } })
  return job?.state ?? null
}
