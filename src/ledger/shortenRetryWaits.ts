// Ends waits for another attempt that started while the clock of the database was ahead. They would
// last until the clock catches up.

import { Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import type { Ledger } from './ledger.ts'

/** The maximum wait after a failure (jobledger.retry_delay in the migrations). */
const MAX_WAIT = Prisma.sql`interval '1 millisecond'
  * coalesce(nullif(current_setting('jobledger.retry_max_ms', true), ''), '3600000')::double precision`

/**
 * Makes jobs due that would wait longer for another attempt than a job that fails now. Finds them
 * by an index, because their last change is in the future. Tolerates a minute, because another
 * transaction may have a later now(). The state does not change, so no record is written.
 *
 * @returns the number of jobs that were made due, at most `maxJobs`
 */
export async function shortenRetryWaits({ sql }: Ledger, maxJobs: number): Promise<number> {
  return await retryConflicts(
    () => sql.execute`
      WITH waiting AS MATERIALIZED (
        SELECT id FROM jobs WHERE updated_at > now() + interval '1 minute' AND state = 'PENDING' AND state_actor = 'system:retry'
          AND run_at > now() + ${MAX_WAIT} + interval '1 minute'
        ORDER BY updated_at, id LIMIT ${maxJobs} FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE jobs SET run_at = now() WHERE id = ANY (ARRAY(SELECT id FROM waiting))`,
  )
}
