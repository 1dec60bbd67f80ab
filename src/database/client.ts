// The connection to PostgreSQL: one pool, with Prisma Client on top of it. Reads no environment.
import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { CancellingPool, type FailureExplainer } from './cancellation.ts'
import type { FairQueueLimits } from './fairQueue.ts'
import { PrismaClient } from './generated/client.ts'
import { keepsPreparedStatements } from './poolerCheck.ts'
import { type RetryDelay, retryDelaySettings } from './retryDelay.ts'
import { openSql, type Sql } from './rows/sql.ts'
import { type SessionFaults, sessionFaults } from './sessionCheck.ts'
import { timelineVerifier } from './transactionOrder.ts'

export interface DatabaseSettings extends RetryDelay {
  url: string
  /** Number of connections that stay open once they were needed. */
  poolMin: number
  /** Maximum number of connections, at least 1. Those above `poolMin` are closed when idle. */
  poolMax: number
  /** Maximum age of a connection, in seconds. Then it is replaced. */
  maxLifetimeSeconds: number
  /** Statements that one request of a caller may run at once; by default as many as the caller may. */
  statementsPerRequest?: number
  /** Statements that all requests of one caller may run at once; by default all connections that callers have, but for one. */
  statementsPerCaller?: number
  /** How long to wait for a connection, whether for one of the pool or for the server. */
  connectTimeoutMs: number
  /** The server gives up a statement after so long. */
  statementTimeoutMs: number
  /** Whether statements are prepared once per connection. PgBouncer before 1.21 cannot have that. */
  preparedStatements: boolean
  /** Told of connections that break while nobody uses them. They are replaced; without a listener they would end the process. */
  onPoolError(error: Error): void
  /** Called when a new connection has begun a new timeline of the ledger. */
  onNewTimeline?(): void
  /** What an error of a statement is for whoever has sent it; by default, that error. */
  explainFailure?: FailureExplainer
}

export interface Database {
  readonly prisma: PrismaClient
  /** Runs hand-written SQL. */
  readonly sql: Sql
  readonly pool: pg.Pool
  /** Looks at one session. A connection on which something is wrong is replaced. @throws what connecting throws */
  checkSession(): Promise<SessionFaults>
  /** False if statements are to be prepared and a pooler loses them. @throws what connecting throws */
  canPrepare(): Promise<boolean>
  close(): Promise<void>
}

/** Connections beyond `poolMin` are closed after so long without work. */
const IDLE_MS = 10_000
/** Texts that get a name: those that are ours, which are fewer, and those that depend on what clients ask for. What exceeds it runs unprepared. */
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
    // What clients ask for, with each size of a page in a page, must not take the names from what is run most.
    sql: openSql(pool, { query: statementName, read: names('jobledger_read') }),
    pool,
    checkSession: () => checkSession(pool, settings),
    canPrepare: async () => !settings.preparedStatements || keepsPreparedStatements(probeConfig(settings)),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** Of the connections, the part that callers leave to all else: credentials, readiness, maintenance, roll-up, events, publishers. */
const RESERVED = 0.3

function callerLimits(settings: DatabaseSettings, connections: number): FairQueueLimits {
  const total = Math.max(1, connections - Math.ceil(RESERVED * connections))
  // One is always left to the others.
  const perCaller = Math.max(1, Math.min(settings.statementsPerCaller ?? total, total - 1))
  return { total, perCaller, perRequest: settings.statementsPerRequest ?? perCaller, waitMs: settings.connectTimeoutMs }
}

/** Where every session of ours goes, and what it is set to. */
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
  // adapter-pg reads and writes timestamptz wrong unless the session is in UTC (prisma#26786), whatever the server's default is; dates and
  // bytes are read in one form (rows/selectList.ts).
  const own = [
    '-c TimeZone=UTC',
    '-c DateStyle=ISO',
    '-c bytea_output=hex',
    // By default a schema with the name of the role comes first, and other tables than ours may be in it.
    '-c search_path=public',
    // To compile a statement takes longer than any of ours runs.
    '-c jit=off',
    // Callers share the server by statements: one must not take several processors.
    '-c max_parallel_workers_per_gather=0',
    // A transition is one statement that takes the row as it is when it gets it.
    '-c default_transaction_isolation=read\\ committed',
    `-c statement_timeout=${statementTimeoutMs}`,
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
 * Names that depend on nothing but the text: behind a pooler a session may have statements of other processes, and a name must mean the same
 * in all of them.
 */
function statementNames(prefix: string): (query: { sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    // An empty name is PostgreSQL's unnamed statement.
    if (known !== undefined || names.size >= PREPARED_STATEMENTS) return known ?? ''
    const name = `${prefix}_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    names.set(sql, name)
    return name
  }
}
