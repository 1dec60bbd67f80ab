// `jobledger start`: opens and checks the database, serves until a signal, and closes everything in
// reverse order.
import type { Logger } from 'pino'
import { OPEN_CALLER } from '../access/caller.ts'
import { type App, createApp } from '../app.ts'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { checkingSchema } from '../database/cancellation.ts'
import { checkDatabase, UnusableDatabaseError } from '../database/checkDatabase.ts'
import { requireCurrentSchema } from '../database/migrations.ts'
import { missingRights } from '../database/missingRights.ts'
import { requireIntactSchema } from '../database/schemaDrift.ts'
import { invalidDocuments } from '../graphql/invalidDocuments.ts'
import { DASHBOARD_PATH } from '../http/dashboard/dashboard.ts'
import { GRAPHQL_PATH } from '../http/graphqlPath.ts'
import { createLogger } from '../log.ts'
import { requireWritable } from '../publishing/fileSink.ts'
import { flushStdout, writeToStdout } from '../standardOutput.ts'
import { nextSignal } from './nextSignal.ts'
import { migrateToLatest, type OpenDatabase, openDatabase } from './openDatabase.ts'
import { typedCommand } from './typedCommand.ts'

/** Time limit for the reader of the log after an unexpected error. */
const FATAL_FLUSH_MS = 1000

/**
 * Resolves when a signal has stopped the server. Rejects with an expected failure if it cannot
 * start.
 */
export async function start(): Promise<void> {
  const config = readConfig('serve')
  requireValidDocuments(config)
  const log = createLogger({
    level: config.logLevel,
    readable: config.environment !== 'production' && process.stdout.isTTY,
  })
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected error; exiting')
    void flushStdout(FATAL_FLUSH_MS).then(() => process.exit(1))
  })
  // Before anything starts: a signal in the meantime must not leave a database server behind.
  const signal = nextSignal()
  const database = await openDatabase(config, log)
  try {
    await serve(database, { config, log, signal })
  } finally {
    await database.stop()
  }
}

/** @throws ConfigError if trusted documents do not match the schema */
function requireValidDocuments({ trustedDocuments }: Config): void {
  const faults = invalidDocuments(trustedDocuments ?? new Map())
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `TRUSTED_DOCUMENTS: ${fault}`).join('\n'))
}

/** Serves until the signal comes. */
async function serve(
  database: OpenDatabase,
  { config, log, signal }: { config: Config; log: Logger; signal: Promise<NodeJS.Signals> },
): Promise<void> {
  const app = createApp({ config, log, databaseUrl: database.url })
  try {
    if (config.publish.file !== undefined) await requireWritable(config.publish.file)
    await checkingSchema(() => prepare(app, database))
    await app.listen()
    await announceAccess(app, config, log)
    announce(app, { config, database, log })
    log.info(`${await signal}: no new connections; finishing running requests`)
  } finally {
    await app.close()
  }
}

async function prepare(app: App, database: OpenDatabase): Promise<void> {
  const { isReadOnly } = await checkDatabase(app.database, database.url)
  // A configured database may be shared, so its operator decides when to migrate.
  if (database.embedded) await migrateToLatest(database)
  // First, because each of the checks below needs privileges.
  const missing = await missingRights(app.database.pool)
  if (missing !== undefined) throw new UnusableDatabaseError(missing)
  await requireCurrentSchema(app.database.pool)
  // It becomes writable without a restart after a failover or promotion; until then the server is
  // not ready.
  if (isReadOnly) await app.readiness()
  // Before the schema check, which would report triggers that a restore has yet to create.
  else await app.timeline.run()
  await requireIntactSchema(app.database.pool)
}

/** Warns if access control is off, or if no credential exists. */
async function announceAccess({ ledger }: App, { access }: Config, log: Logger): Promise<void> {
  if (access.mode === 'open') {
    const why = access.isExplicit
      ? 'AUTH is open'
      : 'only this machine can reach it, and no AUTH_JWT_... variable is set; AUTH=required closes it'
    const { actor, roles } = OPEN_CALLER
    log.warn(`access control is off (${why}): every caller is ${actor} with the roles ${roles.join(', ')}`)
  } else if (access.jwt === undefined && (await ledger.prisma.apiKey.count({ where: { revokedAt: null } })) === 0) {
    log.warn(
      'no API key and no token key exists: every request is refused until ' +
        `"${typedCommand('api-key', 'create')}" creates an API key`,
    )
  }
}

function announce(app: App, { config, database, log }: { config: Config; database: OpenDatabase; log: Logger }): void {
  const url = `${app.url}${GRAPHQL_PATH}`
  const dashboard = config.hasDashboard ? `The dashboard is at ${app.url}${DASHBOARD_PATH}.\n` : ''
  if (config.environment === 'production') log.info({ url, data: database.location }, 'listening')
  // The server continues if its output cannot be written.
  else
    writeToStdout(
      `Jobledger listens on ${url} (in a browser: GraphiQL).\n${dashboard}Its data is in ${database.location}.\n`,
      () => undefined,
    )
}
