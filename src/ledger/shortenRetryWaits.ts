// Shortens waits for another attempt that began while the clock of the database was ahead, and would last until it is there again.

import { Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import type { Ledger } from './ledger.ts'

/** The longest wait after a failure (jobledger.retry_delay in the migrations). */
const MAX_WAIT = Prisma.sql`interval '1 millisecond'
  * coalesce(nullif(current_setting('jobledger.retry_max_ms', true), ''), '3600000')::double precision`

/**
 * Makes jobs due that would wait for another attempt longer than any job does that fails now. Their last change lies in the future, by which
 * an index finds them. A minute is allowed for: the statement of another transaction may have a later now(). No change of state: nothing is
 * recorded.
 *
 * @returns how many jobs are due now, at most `mostJobs`
 */
export async function shortenRetryWaits({ sql }: Ledger, mostJobs: number): Promise<number> {
  return await retryConflicts(
    () => sql.execute`
      WITH waiting AS MATERIALIZED (
        SELECT id FROM jobs WHERE updated_at > now() + interval '1 minute' AND state = 'PENDING' AND state_actor = 'system:retry'
          AND run_at > now() + ${MAX_WAIT} + interval '1 minute'
        ORDER BY updated_at, id LIMIT ${mostJobs} FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE jobs SET run_at = now() WHERE id = ANY (ARRAY(SELECT id FROM waiting))`,
  )
}
