// The one clock that decides: the database's. The clocks of the machines that ask it may be wrong.
import type { Sql } from './rows/sql.ts'

/** What time it is for the database; costs a statement. */
export async function databaseNow(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>`SELECT clock_timestamp() AS now`
  if (!row) throw new Error('The database did not say what time it is.')
  return row.now
}
