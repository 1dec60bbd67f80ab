// The database that a command works on: the one of DATABASE_URL, or else the embedded one, started or joined. Whoever opens
// it stops it.
import type { Config } from '../config.ts'
import { connect } from '../database/checkDatabase.ts'
import { candidatePaths, occupiedPaths } from '../database/embedded/dataPaths.ts'
import { startEmbedded } from '../database/embedded/startEmbedded.ts'
import { applyMigrations, migrationState } from '../database/migrations.ts'

export interface OpenDatabase {
  readonly url: string
  readonly embedded: boolean
  /** For people: where the data is. Holds no password. */
  readonly place: string
  /** Where the preparation of the database is reported. */
  readonly log: Notices
  /** How long a migration waits for a lock, in milliseconds; 0: without a limit. */
  readonly migrateLockTimeoutMs: number
  /** Stops the server if this process started it. */
  stop(): Promise<void>
}

/** What startEmbedded tells people; pino's loggers and the console fit. */
interface Notices {
  info(message: string): void
  warn(message: string): void
}

/** A database that answers. @throws UnusableDatabaseError, EmbeddedDatabaseError */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'database' | 'migrateLockTimeoutMs'>,
  log: Notices,
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
      place: `the database ${pathname.slice(1)} at ${host}`,
      stop: async () => undefined,
    }
  }
  const server = await startEmbedded({ dataDir: config.dataDir, log })
  const dir = occupiedPaths(candidatePaths(config.dataDir))?.dir ?? config.dataDir
  const place = `${dir} (embedded PostgreSQL)`
  return { url: server.url, embedded: true, log, migrateLockTimeoutMs, place, stop: () => server.stop() }
}

/** Applies the migrations that the database lacks, if any. @throws MigrationError */
export async function migrateToLatest({
  url,
  log,
  migrateLockTimeoutMs,
}: Pick<OpenDatabase, 'url' | 'log' | 'migrateLockTimeoutMs'>): Promise<void> {
  const client = await connect(url)
  // A look costs milliseconds; Prisma's own program, which applies them, takes seconds to start.
  const { state, pending } = await migrationState(client).finally(() => client.end())
  if (state !== 'empty' && state !== 'behind') return
  log.info(`applying ${pending.length} migrations`)
  await applyMigrations(url, { lockTimeoutMs: migrateLockTimeoutMs })
}
