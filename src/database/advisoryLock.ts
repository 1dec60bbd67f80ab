// Locks by which one process at a time does a thing for a database, such as its maintenance. An advisory lock of PostgreSQL in a transaction of
// its own: it ends with the transaction, so a process that was killed leaves nothing behind. Not in a session: a pooler that pools transactions
// keeps sessions, and with them locks that no process has any more. What it guards must be right without it, only wasteful: a transaction may end,
// and somebody else begin, before whoever had it hears of it.
import { createHash } from 'node:crypto'
import pg from 'pg'
import { type DatabaseSettings, sessionSettings } from './client.ts'

export interface AdvisoryLock {
  /**
   * Whether this process has the lock; takes it if it is free. Connects if there is no session. Gives up when `signal` is aborted.
   * @throws what connecting throws, or the session when it breaks
   */
  hold(signal?: AbortSignal): Promise<boolean>
  /** Whether this process still has the lock; does not connect, and does not reject. Gives up when `signal` is aborted. */
  isHeld(signal?: AbortSignal): Promise<boolean>
  /** Ends the session, and with it the lock. */
  release(): Promise<void>
}

export type LockSettings = Pick<
  DatabaseSettings,
  'url' | 'statementTimeoutMs' | 'connectTimeoutMs' | 'retryBaseMs' | 'retryMaxMs'
>

/** Advisory locks are known by two numbers: "JOBL", and which of ours. */
const OURS = 0x4a4f424c
/** How PostgreSQL finds out, within half a minute, that the machine of this process is gone. */
const KEEPALIVES = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4'
/** How this process finds out that the machine of PostgreSQL is gone. */
const KEEPALIVE_MS = 10_000
/** How long a session has to end before it is cut off. */
const LAST_MS = 1000

/** In every version that we run on it is set where it exists: an idle transaction is what we want. */
const UNBOUNDED = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`

function takeStatement(name: string): string {
  const number = createHash('sha256').update(name).digest().readInt32BE() & 0x7fffffff
  return `SELECT pg_try_advisory_xact_lock(${OURS}, ${number}) AS held`
}

/** The lock of this name, which this process has not yet. Connects when it is first wanted. */
export function openAdvisoryLock(name: string, settings: LockSettings): AdvisoryLock {
  const take = takeStatement(name)
  let session: pg.Client | undefined
  /** The session whose transaction has the lock. */
  let holder: pg.Client | undefined

  function cutOff(): void {
    if (session !== undefined) streamOf(session).destroy()
    session = undefined
  }

  async function connect(): Promise<pg.Client> {
    const opened = new pg.Client(clientConfig(name, settings))
    session = opened
    opened.on('error', () => {
      if (session === opened) session = undefined
    })
    await opened.connect()
    return opened
  }

  /** While the transaction lasts it has the lock; in one that failed no statement succeeds. */
  async function stillHolds(): Promise<boolean> {
    if (session === undefined || holder !== session) return false
    await ask(session, 'SELECT')
    return true
  }

  async function holdIn(opened: pg.Client): Promise<boolean> {
    if (await stillHolds()) return true
    await ask(opened, 'BEGIN')
    await ask(opened, UNBOUNDED)
    const isOurs = (await ask(opened, take))[0]?.held ?? false
    if (isOurs) holder = opened
    else await ask(opened, 'ROLLBACK')
    return isOurs
  }

  /** After a failure nobody knows what the session would answer next. */
  async function orCutOff<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.addEventListener('abort', cutOff, { once: true })
    try {
      return await work()
    } catch (error) {
      cutOff()
      throw error
    } finally {
      signal?.removeEventListener('abort', cutOff)
    }
  }

  return {
    hold: (signal) => orCutOff(signal, async () => holdIn(session ?? (await connect()))),
    isHeld: (signal) => orCutOff(signal, stillHolds).catch(() => false),
    async release() {
      const ending = session
      session = undefined
      if (ending === undefined) return
      const timer = setTimeout(() => streamOf(ending).destroy(), LAST_MS)
      await ending.end().finally(() => clearTimeout(timer))
    },
  }
}

function clientConfig(name: string, settings: LockSettings): pg.ClientConfig {
  const { connectionString, options } = sessionSettings(settings)
  return {
    connectionString,
    options: `${options} ${KEEPALIVES} -c idle_session_timeout=0`,
    application_name: `jobledger ${name}`,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    query_timeout: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  }
}

// An answer is waited for; a session on which nothing goes on is no reason for the process to go on living.
async function ask(session: pg.Client, statement: string): Promise<{ held?: boolean }[]> {
  streamOf(session).ref()
  try {
    const { rows } = await session.query<{ held?: boolean }>(statement)
    return rows
  } finally {
    streamOf(session).unref()
  }
}

/** What pg has and its types leave out. */
interface SessionStream {
  ref(): void
  unref(): void
  destroy(): void
}

function streamOf(session: pg.Client): SessionStream {
  return (session as unknown as { connection: { stream: SessionStream } }).connection.stream
}
