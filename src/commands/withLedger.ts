// Opens the ledger for one command, and closes it when the command is done.
import type { Config } from '../config.ts'
import { checkDatabase } from '../database/checkDatabase.ts'
import { connectDatabase, type Database } from '../database/client.ts'
import { requireCurrentSchema } from '../database/migrations.ts'
import type { Queryable } from '../database/queryable.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { migrateToLatest, openDatabase } from './openDatabase.ts'

export interface CommandLedger {
  readonly ledger: Ledger
  readonly database: Database
  readonly url: string
  /** Where the data is, for messages. Contains no password. */
  readonly location: string
}

export interface WithLedgerOptions {
  /**
   * Checks the schema, and throws if the command cannot use it. Default: the migrations must be
   * current.
   */
  readonly checkSchema?: (database: Queryable) => Promise<void>
  /** Overrides DATABASE_STATEMENT_TIMEOUT_MS; 0: no limit. */
  readonly statementTimeoutMs?: number
}

/**
 * Runs `work` on the configured database, or on the embedded one, which is migrated first. Uses one
 * connection.
 *
 * @throws UnusableDatabaseError, EmbeddedDatabaseError, MigrationError, and what `work` throws
 */
export async function withLedger(
  config: Config,
  work: (opened: CommandLedger) => Promise<void>,
  { checkSchema = requireCurrentSchema, ...overrides }: WithLedgerOptions = {},
): Promise<void> {
  const opened = await openDatabase(config, { info: console.error, warn: console.error })
  const { url, location } = opened
  const onPoolError = (error: Error): void => console.error(`A connection to the database broke: ${error.message}`)
  const database = connectDatabase({ ...config.database, ...overrides, poolMin: 0, poolMax: 1, url, onPoolError })
  try {
    await checkDatabase(database, url)
    if (opened.embedded) await migrateToLatest(opened)
    await checkSchema(database.pool)
    await work({ ledger: openLedger(database, config.limits), database, url, location })
  } finally {
    await database.close().finally(() => opened.stop())
  }
}
