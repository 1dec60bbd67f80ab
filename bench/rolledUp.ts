// Counts are measured as they are in a ledger that has been running: with the roll-up at the end of it. That of a new data set is made first.
import type pg from 'pg'
import { BenchError } from './benchError.ts'

const LOOK_MS = 500
/** The roll-up is said to stand still when it has not moved for so long. */
const STILL_MS = 60_000

/** Resolves when the roll-up, which the server carries on, has added up all records. @throws BenchError if it stands still */
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
    if (performance.now() - movedAt > STILL_MS)
      throw new BenchError('The roll-up stands still: see the log of the server.')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
