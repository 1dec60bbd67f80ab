// Locks that let one process at a time do some work for a database, such as its maintenance. Each
// is an advisory lock of PostgreSQL in its own transaction. It ends with the transaction, so a
// killed process leaves no lock behind. Session locks do not work: a transaction pooler keeps
// sessions, and with them locks that no process owns any more. The lock only prevents duplicate
// work. The work must be correct without it: a transaction can end, and another process can take
// the lock, before the first holder notices.
import { createHash } from 'node:crypto'
import pg from 'pg'
import { type DatabaseSettings, sessionSettings } from './client.ts'
import { readOnlyError } from './sessionCheck.ts'

export interface AdvisoryLock {
  /**
   * Takes the lock if it is free, and returns whether this process holds it. Connects if there is
   * no session. Stops when `signal` is aborted.
   * @throws the error of connecting, or of the session when it breaks; DatabaseUnavailableError if
   * the database is read-only
   */
  hold(signal?: AbortSignal): Promise<boolean>
  /**
   * Returns whether this process still holds the lock. Does not connect and does not reject. Stops
   * when `signal` is aborted.
   */
  isHeld(signal?: AbortSignal): Promise<boolean>
  /** Ends the session, which releases the lock. */
  release(): Promise<void>
}

export type LockSettings = Pick<
  DatabaseSettings,
  'url' | 'statementTimeoutMs' | 'connectTimeoutMs' | 'retryBaseMs' | 'retryMaxMs'
>

/** The first of the two numbers of an advisory lock: "JOBL". The second identifies the lock. */
const OURS = 0x4a4f424c
/** Lets PostgreSQL detect within 30 seconds that the machine of this process is gone. */
const KEEPALIVES = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4'
/** Lets this process detect that the machine of PostgreSQL is gone. */
const KEEPALIVE_MS = 10_000
/** Maximum time to end a session. Then its connection is closed. */
const LAST_MS = 1000

/**
 * Disables these timeouts where the server has them: the transaction of a lock is idle on purpose.
 */
const UNBOUNDED = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`

function takeStatement(name: string): string {
  const number = createHash('sha256').update(name).digest().readInt32BE() & 0x7fffffff
  return `SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly",
    pg_try_advisory_xact_lock(${OURS}, ${number}) AS held`
}

/** Returns the lock of this name, not yet held. Connects on the first `hold`. */
export function openAdvisoryLock(name: string, settings: LockSettings): AdvisoryLock {
  const take = takeStatement(name)
  let session: pg.Client | undefined
  /** The session whose transaction holds the lock. */
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

  /** The lock lasts as long as the transaction. In a failed transaction every statement fails. */
  async function stillHolds(): Promise<boolean> {
    if (session === undefined || holder !== session) return false
    await ask(session, 'SELECT')
    return true
  }

  async function holdIn(opened: pg.Client): Promise<boolean> {
    if (await stillHolds()) return true
    await ask(opened, 'BEGIN')
    await ask(opened, UNBOUNDED)
    const { held: isOurs = false, isReadOnly = false } = (await ask(opened, take))[0] ?? {}
    // On a standby, the lock would not exclude the processes on the primary.
    if (isReadOnly) throw readOnlyError()
    if (isOurs) holder = opened
    else await ask(opened, 'ROLLBACK')
    return isOurs
  }

  /** After a failure, the state of the session is unknown. */
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
    options: `${options} ${KEEPALIVES}`,
    application_name: `jobledger ${name}`,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    query_timeout: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  }
}

/** The columns of `takeStatement`. */
interface Taken {
  readonly held?: boolean
  readonly isReadOnly?: boolean
}

// Keeps the process alive while a statement runs. An idle session must not.
async function ask(session: pg.Client, statement: string): Promise<Taken[]> {
  streamOf(session).ref()
  try {
    const { rows } = await session.query<Taken>(statement)
    return rows
  } finally {
    streamOf(session).unref()
  }
}

/** Parts of pg that its types omit. */
interface SessionStream {
  ref(): void
  unref(): void
  destroy(): void
}

function streamOf(session: pg.Client): SessionStream {
  return (session as unknown as { connection: { stream: SessionStream } }).connection.stream
}
