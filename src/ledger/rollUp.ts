// The roll-up: sums over all records up to the checkpoint of its own consumer (migration
// 20261128000003_rollup). Readers add the tail, which is the records after the checkpoint
// (rollUpTail.ts). This file advances the checkpoint.
import type { Ledger } from './ledger.ts'

/** The name of the consumer whose checkpoint shows which records the sums include. */
export const ROLL_UP = 'rollup'

/**
 * Adds up to `max` records to the sums in one transaction and returns their number; less than `max`
 * at the end of the ledger.
 */
export async function rollUp({ sql }: Ledger, max: number): Promise<number> {
  const [row] = await sql.query<{ records: number }>`SELECT jobledger.advance_rollup(${max}::integer) AS records`
  return row?.records ?? 0
}

/**
 * Clears the sums and resets the checkpoint to the start. Counts stay exact, because records
 * outside the sums are counted directly.
 */
export async function resetRollUp({ sql }: Ledger): Promise<void> {
  await sql.execute`SELECT jobledger.reset_rollup()::text`
}
