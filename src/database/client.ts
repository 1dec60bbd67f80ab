// The connection to PostgreSQL: one pool, with Prisma Client on top of it. Reads no environment.
import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { CancellingPool, type FailureExplainer } from './cancellation.ts'
import type { FairQueueLimits } from './fairQueue.ts'
import { PrismaClient } from './generated/client.ts'
import { keepsPreparedStatements } from './poolerCheck.ts'
import type { PoolUse } from './poolUse.ts'
import { type RetryDelay, retryDelaySettings } from './retryDelay.ts'
import { openSql, type Sql } from './rows/sql.ts'
import { type SessionFaults, sessionFaults } from './sessionCheck.ts'
import { timelineVerifier } from './transactionOrder.ts'

export interface DatabaseSettings extends RetryDelay {
  url: string
  /** Number of connections that stay open after their first use. */
  poolMin: number
  /** Maximum number of connections, at least 1. Those above `poolMin` are closed when idle. */
  poolMax: number
  /** Maximum age of a connection, in seconds. Then it is replaced. */
  maxLifetimeSeconds: number
  /** Maximum number of concurrent statements of one request. Default: `statementsPerCaller`. */
  statementsPerRequest?: number
  /**
   * Maximum number of concurrent statements of one caller, over all its requests. Default: all
   * connections available to callers except one.
   */
  statementsPerCaller?: number
  /** Maximum time to wait for a free connection of the pool, and for the server when connecting. */
  connectTimeoutMs: number
  /** Maximum time of a statement. Then the server cancels it. */
  statementTimeoutMs: number
  /**
   * Whether statements are prepared once per connection. PgBouncer before 1.21 does not support
   * that.
   */
  preparedStatements: boolean
  /**
   * Called when an idle connection breaks. The pool replaces it. Without a listener the error would
   * end the process.
   */
  onPoolError(error: Error): void
  /** Called when a new connection has started a new timeline of the ledger. */
  onNewTimeline?(): void
  /** Maps an error of a statement to the error that its caller gets. Default: the same error. */
  explainFailure?: FailureExplainer
}

export interface Database {
  readonly prisma: PrismaClient
  /** Runs hand-written SQL. */
  readonly sql: Sql
  readonly pool: pg.Pool
  poolUse(): PoolUse
  /**
   * Checks one session. Closes the connection if it finds a fault.
   * @throws the error of connecting
   */
  checkSession(): Promise<SessionFaults>
  /**
   * False if statements are to be prepared but a pooler loses them.
   * @throws the error of connecting
   */
  canPrepare(): Promise<boolean>
  close(): Promise<void>
}

/** Connections beyond `poolMin` are closed after this time without work. */
const IDLE_MS = 10_000
/**
 * Maximum number of prepared statements per connection. Clients determine the text of some
 * statements, so the number of texts has no limit. Statements beyond the maximum run unprepared.
 */
const PREPARED_STATEMENTS = 500

/** Opens the pool and Prisma Client. Connects when first used. */
export function connectDatabase(settings: DatabaseSettings): Database {
  const { poolMin: min, poolMax: max } = settings
  const pool = new CancellingPool(
    {
      ...sessionSettings(settings),
      min,
      max,
      maxLifetimeSeconds: settings.maxLifetimeSeconds,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: settings.connectTimeoutMs,
      application_name: 'jobledger',
      keepAlive: true,
      verify: timelineVerifier(settings.onNewTimeline),
    },
    callerLimits(settings, max),
    settings.explainFailure,
  )
  pool.on('error', settings.onPoolError)
  const names = (prefix: string) => (settings.preparedStatements ? statementNames(prefix) : undefined)
  const statementName = names('jobledger')
  const adapter = new PrismaPg(pool, statementName ? { statementNameGenerator: statementName } : {})
  const prisma = new PrismaClient({ adapter })
  return {
    prisma,
    // Statements that clients determine have names of their own, so that they cannot use up those
    // of the most frequent statements.
    sql: openSql(pool, { query: statementName, read: names('jobledger_read') }),
    pool,
    poolUse: () => pool.use,
    checkSession: () => checkSession(pool, settings),
    canPrepare: async () => !settings.preparedStatements || keepsPreparedStatements(probeConfig(settings)),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/**
 * The share of connections that callers cannot use: for credentials, readiness, maintenance,
 * roll-up, events and publishers.
 */
const RESERVED = 0.3

function callerLimits(settings: DatabaseSettings, connections: number): FairQueueLimits {
  const total = Math.max(1, connections - Math.ceil(RESERVED * connections))
  // Leaves one connection to other callers.
  const perCaller = Math.max(1, Math.min(settings.statementsPerCaller ?? total, total - 1))
  return { total, perCaller, perRequest: settings.statementsPerRequest ?? perCaller, waitMs: settings.connectTimeoutMs }
}

/** The address and the settings of every session. */
export function sessionSettings({
  url,
  statementTimeoutMs,
  ...retryDelay
}: Pick<DatabaseSettings, 'url' | 'statementTimeoutMs' | keyof RetryDelay>): {
  connectionString: string
  options: string
} {
  const parsed = new URL(url)
  const given = parsed.searchParams.get('options') ?? ''
  parsed.searchParams.delete('options')
  // adapter-pg reads and writes timestamptz wrong unless the session is in UTC (prisma#26786).
  // Dates and bytes are read in one form only (rows/selectList.ts).
  const own = [
    '-c TimeZone=UTC',
    '-c DateStyle=ISO',
    '-c bytea_output=hex',
    // By default a schema with the name of the role comes first. It may contain tables with the
    // same names.
    '-c search_path=public',
    // Compiling a statement takes longer than running any of ours.
    '-c jit=off',
    // Callers share the server by statements. One statement must not use several processors.
    '-c max_parallel_workers_per_gather=0',
    // A transition is one statement. It must see the row as it is once it has the lock.
    '-c default_transaction_isolation=read\\ committed',
    `-c statement_timeout=${statementTimeoutMs}`,
    // Ours stay open. PostgreSQL could end one at the moment a statement starts, whose outcome
    // would then be unknown.
    '-c idle_session_timeout=0',
    ...Object.entries(retryDelaySettings(retryDelay)).map(([name, value]) => `-c ${name}=${value}`),
  ]
  return { connectionString: parsed.toString(), options: [given, ...own].join(' ').trim() }
}

function probeConfig(settings: DatabaseSettings): pg.ClientConfig {
  return { ...sessionSettings(settings), connectionTimeoutMillis: settings.connectTimeoutMs }
}

async function checkSession(pool: pg.Pool, settings: DatabaseSettings): Promise<SessionFaults> {
  const client = await pool.connect()
  let isSound = false
  try {
    const faults = await sessionFaults(client, settings)
    isSound = !faults.isReadOnly && faults.settings.length === 0
    return faults
  } finally {
    client.release(!isSound)
  }
}

/**
 * Names that depend on the text only. Behind a pooler, a session can hold statements of other
 * processes, so a name must mean the same text in all of them.
 */
function statementNames(prefix: string): (query: { sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    // An empty name is the unnamed statement of PostgreSQL.
    if (known !== undefined || names.size >= PREPARED_STATEMENTS) return known ?? ''
    const name = `${prefix}_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    names.set(sql, name)
    return name
  }
}
