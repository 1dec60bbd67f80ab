// All times come from the clock of the database. The clocks of its clients may be wrong.
import type { Sql } from './rows/sql.ts'

/** Returns the time of the database. Runs one statement. */
export async function databaseNow(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>`SELECT clock_timestamp() AS now`
  if (!row) throw new Error('The database did not return its time.')
  return row.now
}
