// Wires the parts of one server: database, ledger, GraphQL, HTTP. Reads no environment and never
// exits the process, so that tests can run several.

import type { Logger } from 'pino'
import { type Authenticate, createAuthenticator } from './access/authenticate.ts'
import type { JwtEvents } from './access/jwt.ts'
import { BULK_LOCK, runBulkActions } from './bulk/runBulkActions.ts'
import type { Config } from './config.ts'
import { openAdvisoryLock } from './database/advisoryLock.ts'
import { connectDatabase, type Database, type DatabaseSettings } from './database/client.ts'
import { packageVersion } from './database/packageRoot.ts'
import { type SchemaFaultOptions, schemaFaults } from './database/schemaFaults.ts'
import type { Service } from './database/service.ts'
import { TimelineCheck } from './database/transactionOrder.ts'
import { createEventFeed } from './events/eventFeed.ts'
import { watchTimeline } from './events/timelineWatch.ts'
import { schema } from './graphql/schema.ts'
import { createDashboard, type Dashboard } from './http/dashboard/dashboard.ts'
import { DASHBOARD_DOCUMENTS } from './http/dashboard/documents.generated.ts'
import { Sessions } from './http/dashboard/sessions.ts'
import { createGraphQLHandler } from './http/graphqlHandler.ts'
import { databaseReadiness, type ReadinessProbe } from './http/health.ts'
import { READ_FACTOR } from './http/responseSize.ts'
import { createHttpServer } from './http/server.ts'
import { type Ledger, openLedger } from './ledger/ledger.ts'
import { onceAMinute } from './log.ts'
import { maintenanceTasks } from './maintenance/maintenanceTasks.ts'
import { MAINTENANCE_LOCK, runMaintenance } from './maintenance/runMaintenance.ts'
import { startPublishers } from './publishing/publishers.ts'
import { openRefusals } from './refusals/openRefusals.ts'
import { ROLL_UP_LOCK, runRollUp } from './rollup/rollUp.ts'
import { runSealer, SEAL_LOCK } from './seal/runSealer.ts'

export interface AppOptions {
  readonly config: Config
  readonly log: Logger
  readonly databaseUrl: string
  /** The build of the dashboard; by default that of this package. */
  readonly dashboardFolder?: string | undefined
  /** Whether queries are answered by plans where possible; by default they are. For tests. */
  readonly plansQueries?: boolean | undefined
}

export interface App {
  readonly ledger: Ledger
  readonly database: Database
  readonly timeline: TimelineCheck
  readonly readiness: ReadinessProbe
  /** The address of the server. Known once `listen` has resolved. */
  readonly url: string
  readonly port: number
  /**
   * Starts to serve requests and starts the services: maintenance, roll-up, publishers.
   * @throws ListenError
   */
  listen(): Promise<void>
  /**
   * Lets running requests and the current batches of the services finish, then closes the
   * connections to the database. Safe to call twice.
   */
  close(): Promise<void>
}

/** Creates a server on a database that has the schema. Connects on first use. */
export function createApp({ config, log, databaseUrl, dashboardFolder, plansQueries = true }: AppOptions): App {
  const onNewTimeline = (): void => log.warn('new timeline: the database was restored, promoted or copied')
  const checkSchema: SchemaFaultOptions['checkSchema'] = (...failure) => readiness.refresh(...failure)
  const database = connectDatabase({ onNewTimeline, ...databaseSettings({ config, log, databaseUrl }, checkSchema) })
  const ledger = openLedger(database, config.limits)
  const timeline = new TimelineCheck(database.pool, onNewTimeline)
  const readiness = databaseReadiness(database, timeline, log)
  const { host, environment } = config
  const refusals = openRefusals({ ...config, ledger, log })
  const server = createHttpServer({
    ...config,
    log,
    readiness: readiness.probe,
    dashboard: dashboard(config, dashboardFolder),
    graphql: createGraphQLHandler({
      ...config,
      ledger,
      pingMs: config.events.pingMs,
      events: createEventFeed({ ledger, ...config.events, ...eventReads(config), log }),
      replica: { version: packageVersion(), startedAt: new Date(), connections: () => database.poolUse() },
      refusals: refusals.queue,
      schema,
      plansQueries,
      log,
      authenticate: authenticator(config, database, log),
      open: config.access.mode === 'open',
      ownDocuments: config.hasDashboard ? DASHBOARD_DOCUMENTS : new Map(),
      loopbackOnly: config.access.mode === 'open' && !config.access.isExplicit,
      exploration: environment !== 'production',
    }),
  })
  let port = config.port
  let services: Service[] = []
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.all([server.close(), ...services.map((service) => service.stop())])
      // After the last answer.
      .finally(() => refusals.stop())
      .finally(() => database.close())
  }
  return {
    ledger,
    database,
    timeline,
    readiness: readiness.probe,
    get port() {
      return port
    },
    get url() {
      return `http://${reachableHost(host)}:${port}`
    },
    async listen() {
      port = await server.listen()
      if (closing !== undefined) return
      services = [watchTimeline(config, timeline, log), ...startServices({ config, log, databaseUrl }, ledger)]
      refusals.start()
    },
    close: () => (closing ??= close()),
  }
}

function dashboard(config: Config, folder: string | undefined): Dashboard | undefined {
  if (!config.hasDashboard) return undefined
  const { pageSize, bulkJobs } = config.limits
  return createDashboard({ folder, sessions: sessions(config), maxPageSize: pageSize, maxBulkJobs: bulkJobs })
}

/** The secret of tokens is the same in all replicas, too. */
function sessions({ access: { mode, jwt }, sessionSecret }: Config): Sessions | undefined {
  if (mode === 'open') return undefined
  return new Sessions(sessionSecret ?? (jwt?.keys.kind === 'secret' ? jwt.keys.secret : undefined))
}

function databaseSettings(
  { config, log, databaseUrl }: AppOptions,
  checkSchema: SchemaFaultOptions['checkSchema'],
): DatabaseSettings {
  const onOwnFault = onceAMinute((facts: { err: unknown }) =>
    log.error(facts, 'statement refused although the schema is intact'),
  )
  return {
    ...config.database,
    url: databaseUrl,
    explainFailure: schemaFaults({ checkSchema, onOwnFault }),
    onPoolError: (error) => log.warn({ err: error }, 'idle database connection broke; replacing it'),
  }
}

function authenticator(config: Config, database: Database, log: Logger): Authenticate {
  return createAuthenticator({
    settings: config.access,
    database,
    onLastUseFailure: (error) => log.warn({ err: error }, 'last use of an API key could not be stored'),
    jwtEvents: jwtEvents(log),
  })
}

function jwtEvents(log: Logger): JwtEvents {
  return {
    onNoRole: onceAMinute((facts) => log.warn(facts, 'token gives no role: roles claim ignored')),
    onRefreshFailure: onceAMinute((facts) => log.warn(facts, 'refresh of the token signing keys failed')),
  }
}

/** The services of a server. */
function startServices(options: AppOptions, ledger: Ledger): Service[] {
  const { config, log, databaseUrl } = options
  const publishers = startPublishers({
    ...config,
    ...config.events,
    ledger,
    settings: config.publish,
    database: { ...config.database, url: databaseUrl },
    log,
  })
  const others = [
    startMaintenance(options, ledger),
    startRollUp(options, ledger),
    startBulkActions(options, ledger),
    startSealer(options, ledger),
  ]
  return [...others.filter((service) => service !== undefined), ...publishers]
}

function startMaintenance({ config, log, databaseUrl }: AppOptions, ledger: Ledger): Service | undefined {
  const { intervalSeconds } = config.maintenance
  if (intervalSeconds === 0) return undefined
  return runMaintenance({
    ledger,
    tasks: maintenanceTasks(config.maintenance),
    lock: openAdvisoryLock(MAINTENANCE_LOCK, { ...config.database, url: databaseUrl }),
    intervalSeconds,
    shutdownTimeoutMs: config.shutdownTimeoutMs,
    log,
  })
}

function startRollUp({ config, log, databaseUrl }: AppOptions, ledger: Ledger): Service | undefined {
  const { rollUpIntervalSeconds: intervalSeconds, shutdownTimeoutMs } = config
  if (intervalSeconds === 0) return undefined
  const lock = openAdvisoryLock(ROLL_UP_LOCK, { ...config.database, url: databaseUrl })
  return runRollUp({ ledger, lock, intervalSeconds, shutdownTimeoutMs, log })
}

function startBulkActions({ config, log, databaseUrl }: AppOptions, ledger: Ledger): Service | undefined {
  const { bulk, shutdownTimeoutMs } = config
  if (bulk.intervalSeconds === 0) return undefined
  const lock = openAdvisoryLock(BULK_LOCK, { ...config.database, url: databaseUrl })
  return runBulkActions({ ...bulk, ledger, lock, shutdownTimeoutMs, log })
}

function startSealer({ config, log, databaseUrl }: AppOptions, ledger: Ledger): Service | undefined {
  const { seal, shutdownTimeoutMs } = config
  if (seal === undefined) return undefined
  const lock = openAdvisoryLock(SEAL_LOCK, { ...config.database, url: databaseUrl })
  return runSealer({ ...seal, ledger, lock, shutdownTimeoutMs, log })
}

/**
 * Limits of all subscriptions together: concurrent reads, a fifth of the connections; and reads per
 * event.
 */
function eventReads({ database: { poolMax }, responseLimitBytes }: Config) {
  const maxStatements = Math.max(1, Math.floor(poolMax / 5))
  return { maxStatements, maxRowBytes: READ_FACTOR * responseLimitBytes }
}

/** A host that a browser on this machine can open. */
function reachableHost(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
