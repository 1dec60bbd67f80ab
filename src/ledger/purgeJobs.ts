// Purges deleted jobs, with their histories and results. What may be purged, by whom, and what is left of it, is decided by the database
// (migration 20261128000002_guards).
import { retryConflicts } from '../database/sqlErrors.ts'
import type { Ledger } from './ledger.ts'

/**
 * Purges the earliest jobs that were deleted more than `olderThanDays` days ago, one batch in one commit. Passes over jobs that a consumer
 * has still to read.
 *
 * @returns how many jobs were purged, at most `most`; 0: there are no more
 * @throws what the database throws; SQLSTATE 42501 if its role may not purge
 */
export async function purgeJobs({ sql }: Ledger, olderThanDays: number, most = 1000): Promise<number> {
  const [row] = await retryConflicts(
    () => sql.query<{ purged: number }>`
      SELECT jobledger.purge(now() - interval '1 day' * ${olderThanDays}::integer, ${most}::integer) AS purged`,
  )
  return row?.purged ?? 0
}

/** How many jobs a purge would take now, and how many it would pass over because a consumer has still to read them. */
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
