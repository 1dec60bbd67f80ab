// Opens the database of a command: that of DATABASE_URL, or else the embedded one, started or
// joined. The caller must stop it.
import type { Config } from '../config.ts'
import { connect } from '../database/checkDatabase.ts'
import { candidatePaths, occupiedPaths } from '../database/embedded/dataPaths.ts'
import { startEmbedded } from '../database/embedded/startEmbedded.ts'
import { applyMigrations, migrationState } from '../database/migrations.ts'

export interface OpenDatabase {
  readonly url: string
  readonly embedded: boolean
  /** A description of the location, without a password. */
  readonly location: string
  /** Receives messages about the preparation of the database. */
  readonly log: MessageLog
  /** Milliseconds that a migration waits for a lock; 0 for no limit. */
  readonly migrateLockTimeoutMs: number
  /** Stops the server if this process started it. */
  stop(): Promise<void>
}

/** A log; pino loggers and the console fit. */
interface MessageLog {
  info(message: string): void
  warn(message: string): void
}

/**
 * Opens the database and checks that it responds.
 *
 * @throws UnusableDatabaseError, EmbeddedDatabaseError
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'database' | 'migrateLockTimeoutMs'>,
  log: MessageLog,
): Promise<OpenDatabase> {
  const { migrateLockTimeoutMs } = config
  if (config.databaseUrl !== undefined) {
    const client = await connect(config.databaseUrl, config.database.connectTimeoutMs)
    await client.end()
    const { host, pathname } = new URL(config.databaseUrl)
    return {
      url: config.databaseUrl,
      embedded: false,
      log,
      migrateLockTimeoutMs,
      location: `the database ${pathname.slice(1)} at ${host}`,
      stop: async () => undefined,
    }
  }
  const server = await startEmbedded({ dataDir: config.dataDir, log })
  const dir = occupiedPaths(candidatePaths(config.dataDir))?.dir ?? config.dataDir
  const location = `${dir} (embedded PostgreSQL)`
  return { url: server.url, embedded: true, log, migrateLockTimeoutMs, location, stop: () => server.stop() }
}

/** Applies missing migrations. @throws MigrationError */
export async function migrateToLatest({
  url,
  log,
  migrateLockTimeoutMs,
}: Pick<OpenDatabase, 'url' | 'log' | 'migrateLockTimeoutMs'>): Promise<void> {
  const client = await connect(url)
  // The check takes milliseconds; Prisma's CLI takes seconds to start.
  const { state, pending } = await migrationState(client).finally(() => client.end())
  if (state !== 'empty' && state !== 'behind') return
  log.info(`applying ${pending.length} migrations`)
  await applyMigrations(url, { lockTimeoutMs: migrateLockTimeoutMs })
}
