// Counts are measured as in a ledger that has run for a long time, with a complete roll-up. The
// roll-up of a new data set is built first.
import type pg from 'pg'
import { BenchError } from './benchError.ts'

const POLL_MS = 500
/** Maximum time without progress of the roll-up. */
const STALL_MS = 60_000

/**
 * Resolves when the server has rolled up all records.
 * @throws BenchError if the roll-up makes no progress
 */
export async function untilRolledUp(pool: Pick<pg.Pool, 'query'> | pg.Client): Promise<void> {
  let [place, movedAt] = ['', performance.now()]
  for (;;) {
    const { rows } = await pool.query<{ place: string; isBehind: boolean }>(
      `SELECT transaction_id || ' ' || record_id AS place, EXISTS (
         SELECT FROM job_states WHERE (transaction_id, id) > (consumers.transaction_id, consumers.record_id)
       ) AS "isBehind" FROM jobledger.consumers WHERE name = 'rollup'`,
    )
    const [row] = rows
    if (row && !row.isBehind) return
    if (row && row.place !== place) {
      if (place === '') console.log('Waiting for the roll-up.')
      ;[place, movedAt] = [row.place, performance.now()]
    }
    if (performance.now() - movedAt > STALL_MS)
      throw new BenchError('The roll-up does not advance: see the log of the server.')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
