// The order of transaction ids, by which followers read the ledger, is that of one database server. A database that was restored
// elsewhere is carried on (migration 20261125000001_events).
import type pg from 'pg'

/**
 * Makes new records come after those that are there, where the database server would number them otherwise. To be called before anything
 * is written. Whether it was needed; without need it changes nothing.
 */
export async function carryOnTransactionOrder(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ carried: boolean }>('SELECT jobledger_carry_on() AS carried')
  return rows[0]?.carried ?? false
}
