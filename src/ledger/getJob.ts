// Reads one job.
import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import type { RowShape } from '../database/rows/rowShape.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { JOBS } from '../database/rows/tables.ts'
import { ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import type { JobSelection } from './listJobs.ts'

export interface GetJobOptions extends JobSelection {
  /** Only if the job belongs to this user. Restricts a caller to its own jobs. */
  ownerId?: string | undefined
}

/** The job with this id (a UUID), deleted or not; null if it does not exist. */
export function getJob(ledger: Ledger, jobId: string, { ownerId, select }: GetJobOptions = {}): Promise<Job | null> {
  return getJobRow(ledger, { jobId, ownerId }, objectShape<Job>(JOBS, select))
}

/** Like `getJob`, with a row of any shape. */
export async function getJobRow<Row>(
  { sql }: Ledger,
  { jobId, ownerId }: { jobId: string; ownerId?: string | undefined },
  shape: RowShape<Row>,
): Promise<Row | null> {
  const where = and([Prisma.sql`jobs.id = ${jobId}::uuid`, ...ownerConditions({ ownerId })])
  const [job] = await sql.readAs(JOBS, shape, { where })
  return job ?? null
}

/** The state of a job; null if it does not exist. */
export async function getJobState(ledger: Ledger, jobId: string): Promise<JobState | null> {
  const job = await ledger.prisma.job.findUnique({ where: { id: jobId }, select: { state: true } })
  return job?.state ?? null
}
