// A sample of jobs in the response of a mutation. It cannot be refused for its size, because the
// mutation may have written already, so it is shortened.
import { type Job, Prisma } from '../database/generated/client.ts'
import { JOBS } from '../database/rows/tables.ts'
import type { Ledger } from './ledger.ts'
import type { JobSelection } from './listJobs.ts'
import { bytesOfJob, type ReturnedJob } from './returnedJob.ts'

/**
 * The first jobs of `sample`, newest first, that fit into the rest of the response. Counts them
 * against its budget. `sample` is called for their ids only.
 */
export function fittingSample(
  { sql }: Ledger,
  sample: (selection: JobSelection) => Promise<Job[]>,
  { select }: JobSelection,
  { shape, budget }: NonNullable<ReturnedJob['bound']>,
): Promise<Job[]> {
  return budget.inTurn(async () => {
    const ids = (await sample({ select: { id: true } })).map(({ id }) => id)
    const orderBy = Prisma.sql`jobs.id DESC`
    const sized = await sql.query<{ id: string; bytes: bigint }>`
      SELECT id, (${bytesOfJob('jobs', shape)})::bigint AS bytes FROM jobs WHERE id = ANY (${ids}::uuid[]) ORDER BY ${orderBy}`
    const fitting: string[] = []
    for (const { id, bytes } of sized) {
      if (Number(bytes) > budget.left) break
      budget.left -= Number(bytes)
      fitting.push(id)
    }
    if (fitting.length === 0) return []
    return sql.read<Job>(JOBS, { select, where: Prisma.sql`jobs.id = ANY (${fitting}::uuid[])`, orderBy })
  })
}
