// Purges deleted jobs with their histories and results. The database decides which jobs may be
// purged, by which role, and what remains of them (jobledger.purge, migration
// 20261128000002_guards).
import { retryConflicts } from '../database/sqlErrors.ts'
import type { Ledger } from './ledger.ts'

/**
 * Purges jobs that were deleted more than `olderThanDays` days ago, oldest first, one batch in one
 * commit. Skips jobs that a consumer has not read yet.
 *
 * @returns the number of purged jobs, at most `max`; 0 if no more jobs can be purged
 * @throws errors of the database; SQLSTATE 42501 if its role may not purge
 */
export async function purgeJobs({ sql }: Ledger, olderThanDays: number, max = 1000): Promise<number> {
  const [row] = await retryConflicts(
    () => sql.query<{ purged: number }>`
      SELECT jobledger.purge(now() - interval '1 day' * ${olderThanDays}::integer, ${max}::integer) AS purged`,
  )
  return row?.purged ?? 0
}

/**
 * Number of jobs that a purge would delete now, and number of jobs that it would skip because a
 * consumer has not read them yet.
 */
export async function countPurgeableJobs(
  { sql }: Ledger,
  olderThanDays: number,
): Promise<{ purgeable: number; waiting: number }> {
  const [row] = await sql.query<{ purgeable: number; waiting: number }>`
    SELECT count(*) FILTER (WHERE consumer IS NULL)::integer AS purgeable, count(consumer)::integer AS waiting
    FROM (SELECT jobledger.blocking_consumer(id) AS consumer FROM jobs
      WHERE deleted_at < now() - interval '1 day' * ${olderThanDays}::integer) AS deleted`
  return row ?? { purgeable: 0, waiting: 0 }
}
