// The roll-up: sums over the ledger up to the checkpoint of a consumer of its own (migration 20261128000003_rollup). Whoever reads them adds
// the tail, the records behind the place (tail.ts); this file moves the place.
import type { Ledger } from './ledger.ts'

/** The name of the consumer whose checkpoint says which records are in the sums. */
export const ROLL_UP = 'rollup'

/** Adds the next records to the sums, `most` at most, in one transaction. Resolves to how many there were; fewer than `most` at the end. */
export async function rollUp({ sql }: Ledger, most: number): Promise<number> {
  const [row] = await sql.query<{ records: number }>`SELECT jobledger.advance_rollup(${most}::integer) AS records`
  return row?.records ?? 0
}

/** Empties the sums and goes back to the beginning. The numbers stay exact: what is not in the sums is counted. */
export async function emptyRollUp({ sql }: Ledger): Promise<void> {
  await sql.execute`SELECT jobledger.reset_rollup()::text`
}
