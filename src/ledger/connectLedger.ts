// Connects the ledger for a program that uses it without a server. Nothing authenticates the actors
// that such a program names.
import { checkDatabase } from '../database/checkDatabase.ts'
import { connectDatabase } from '../database/client.ts'
import { requireIntactSchema } from '../database/schemaDrift.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { Limits } from './limits.ts'

export interface LedgerOptions {
  /** Maximum number of connections to the database. Default: 10. */
  readonly maxConnections?: number
  /** Maximum time of a statement, in milliseconds. Default: 30000. */
  readonly statementTimeoutMs?: number
  /** False for PgBouncer in transaction mode before version 1.21. Default: true. */
  readonly preparedStatements?: boolean
  /** Limits of input that differ from the defaults. */
  readonly limits?: Partial<Limits>
  /** Called when an idle connection breaks. It is replaced. */
  readonly onConnectionError?: (error: Error) => void
}

export interface ConnectedLedger extends Ledger {
  /** Closes the connections. */
  close(): Promise<void>
}

/**
 * Connects to a PostgreSQL that has the schema of this version (`npx prisma migrate deploy`).
 *
 * @throws UnusableDatabaseError if the database does not respond or refuses access; MigrationError
 * if it has another schema
 */
export async function connectLedger(url: string, options: LedgerOptions = {}): Promise<ConnectedLedger> {
  const database = connectDatabase({
    url,
    poolMin: 0,
    poolMax: options.maxConnections ?? 10,
    maxLifetimeSeconds: 3600,
    connectTimeoutMs: 5000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    preparedStatements: options.preparedStatements ?? true,
    onPoolError: options.onConnectionError ?? (() => undefined),
  })
  try {
    await checkDatabase(database, url)
    await requireIntactSchema(database.pool)
  } catch (error) {
    await database.close()
    throw error
  }
  return { ...openLedger(database, options.limits), close: () => database.close() }
}
