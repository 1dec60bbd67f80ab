import { openSql } from '../../src/database/rows/sql.ts'
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts'
import type { TestLedger } from './factories.ts'

/**
 * Runs hand-written SQL of `work` in one snapshot of the database, which sees nothing that others
 * write meanwhile.
 */
export async function inSnapshot(ledger: TestLedger, work: (ledger: Ledger) => Promise<void>): Promise<void> {
  const client = await ledger.database.pool.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await work(openLedger({ ...ledger, sql: openSql(client, { query: undefined, read: undefined }) }))
    await client.query('COMMIT')
  } finally {
    client.release(true)
  }
}
