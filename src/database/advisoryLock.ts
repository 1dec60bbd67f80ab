// Locks by which one process at a time does a thing for a database, such as its maintenance. An advisory lock of PostgreSQL on a session of
// its own: it ends with the session, so a process that was killed leaves nothing behind. What it guards must be right without it, only wasteful:
// a session may end, and somebody else begin, before whoever had it hears of it.
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

interface Conditions {
  readonly held: string
  readonly take: string
}

// Asked anew each time, because whoever stands between, such as a pooler, may have given us another session.
function conditionsOf(name: string): Conditions {
  const number = createHash('sha256').update(name).digest().readInt32BE() & 0x7fffffff
  const held = `EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ${OURS} AND objid = ${number} AND objsubid = 2)`
  // Not taken twice: a session would have to give it back as often.
  return { held, take: `CASE WHEN ${held} THEN true ELSE pg_try_advisory_lock(${OURS}, ${number}) END` }
}

/** The lock of this name, which this process has not yet. Connects when it is first wanted. */
export function openAdvisoryLock(name: string, settings: LockSettings): AdvisoryLock {
  const { held, take } = conditionsOf(name)
  let session: pg.Client | undefined

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
    hold: (signal) => orCutOff(signal, async () => ask(session ?? (await connect()), take)),
    isHeld: (signal) =>
      orCutOff(signal, async () => session !== undefined && (await ask(session, held))).catch(() => false),
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
async function ask(session: pg.Client, condition: string): Promise<boolean> {
  streamOf(session).ref()
  try {
    const { rows } = await session.query<{ held: boolean }>(`SELECT ${condition} AS held`)
    return rows[0]?.held ?? false
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
