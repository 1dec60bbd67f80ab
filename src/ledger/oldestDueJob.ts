// The job that has been waiting for a worker the longest.
import { DUE_BOUND, IS_DUE, IS_WITHIN_BOUND, PRIORITY_LEVELS } from './dueJobs.ts'
import type { Ledger } from './ledger.ts'

export interface OldestDueJob {
  readonly jobId: string
  /** When it became due. */
  readonly dueAt: Date
  /** The time since then, by the clock of the database. */
  readonly waitSeconds: number
}

/**
 * The PENDING job that became due first; undefined if none is due. Runs one statement, which reads
 * one job of each priority.
 */
export async function oldestDueJob({ sql }: Ledger): Promise<OldestDueJob | undefined> {
  const [job] = await sql.query<OldestDueJob>`
    WITH RECURSIVE ${DUE_BOUND}, ${PRIORITY_LEVELS}
    SELECT job.id AS "jobId", job.run_at AS "dueAt",
      greatest(extract(epoch FROM now() - job.run_at), 0)::double precision AS "waitSeconds"
    FROM level CROSS JOIN LATERAL (
      SELECT id, run_at FROM jobs WHERE state = 'PENDING' AND priority = level.priority AND ${IS_WITHIN_BOUND} AND ${IS_DUE}
      ORDER BY run_at, id LIMIT 1
    ) AS job ORDER BY job.run_at, job.id LIMIT 1`
  return job
}
