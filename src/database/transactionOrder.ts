// The order of transaction ids, by which followers read the ledger, is that of one database server. A database that was restored
// elsewhere is carried on (migration 20261126000002_roll_up_races).
import type pg from 'pg'

/**
 * Makes new records come after those that are there, where the database server would number them otherwise. To be called before anything
 * is written. Whether it was needed; without need it changes nothing.
 */
export async function carryOnTransactionOrder(database: pg.Pool | pg.Client): Promise<boolean> {
  const { rows } = await database.query<{ carried: boolean }>('SELECT jobledger_carry_on() AS carried')
  return rows[0]?.carried ?? false
}
