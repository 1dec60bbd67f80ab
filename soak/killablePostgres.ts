// A PostgreSQL that is killed and restarted on the same port with the same data. A commit waits
// until its log is written, but not until it is on disk: the test kills processes, not machines.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type DataPaths, dataPaths } from '../src/database/embedded/dataPaths.ts'
import { stopPostmaster } from '../src/database/embedded/postmaster.ts'
import { identify, isAlive, type ProcessIdentity } from '../src/database/embedded/processIdentity.ts'
import { findPrograms, type PostgresPrograms } from '../src/database/embedded/programs.ts'
import { embeddedUrl, readPassword } from '../src/database/embedded/runningServer.ts'
import { PROGRAM_ENV, type ServerAccount, serverAccount } from '../src/database/embedded/serverAccount.ts'
import { applyMigrations } from '../src/database/migrations.ts'
import { fixedPort } from '../test/support/fixedPort.ts'
import { startTemporaryServer, type TemporaryServer } from '../test/support/temporaryServer.ts'
import { onServer } from '../test/support/testRun.ts'

/**
 * What is killed: the server with all its processes; its first process, so that the others end by
 * themselves; or one backend, so that the server ends all others and recovers by itself.
 */
export const POSTGRES_KILLS = ['everything', 'postmaster', 'backend'] as const
export type PostgresKill = (typeof POSTGRES_KILLS)[number]

interface Installation {
  readonly home: TemporaryServer
  readonly place: DataPaths
  readonly programs: PostgresPrograms
  readonly account: ServerAccount
  readonly port: number
}

const POLL_MS = 25
const START_MS = 60_000
/** The processes of a killed server may still be ending, or its port may still be in use. */
const PASSING_FAILURE = /could not create any TCP\/IP sockets|pre-existing shared memory block/

export class KillablePostgres {
  /** The URL of a database that has the schema. */
  readonly url: string
  private readonly installation: Installation
  private child: ChildProcess | undefined

  private constructor(installation: Installation) {
    this.installation = installation
    this.url = embeddedUrl(installation.port, readPassword(installation.place) ?? '')
  }

  /** Creates the data directory and the schema, and starts the server. */
  static async make(): Promise<KillablePostgres> {
    const home = await startTemporaryServer()
    process.once('exit', home.destroyAtExit)
    await home.stop({ keepFiles: true })
    const place = dataPaths(home.dir)
    const account = serverAccount(place.cluster)
    const programs = await findPrograms(account, join(home.dir, 'system'))
    const postgres = new KillablePostgres({ home, place, programs, account, port: await fixedPort() })
    try {
      await postgres.start()
      await applyMigrations(postgres.url)
      return postgres
    } catch (error) {
      await postgres.destroy()
      throw error
    }
  }

  /** Starts the server. Resolves when it accepts connections. */
  async start(): Promise<void> {
    this.child = this.launch()
    await this.accepting()
  }

  /** Resolves when the server accepts connections. */
  async accepting(): Promise<void> {
    const deadline = performance.now() + START_MS
    while (!(await this.accepts())) {
      const hasFailed = this.child !== undefined && hasEnded(this.child)
      if (performance.now() > deadline || (hasFailed && !PASSING_FAILURE.test(this.log())))
        throw new Error(`PostgreSQL does not start:\n${this.log()}`)
      if (hasFailed) this.child = this.launch()
      await pause(POLL_MS)
    }
  }

  /**
   * Kills by SIGKILL. Resolves when the killed processes are gone. After `backend`, the server
   * recovers without a restart.
   */
  async kill(what: PostgresKill): Promise<void> {
    const postmaster = this.child
    if (postmaster === undefined) throw new Error('PostgreSQL is not running.')
    if (what === 'backend') return this.killBackend()
    const ended = once(postmaster, 'exit')
    const others = what === 'everything' ? await this.processes() : []
    postmaster.kill('SIGKILL')
    for (const other of others) killProcess(other)
    await ended
    while (others.some(isAlive)) await pause(POLL_MS)
  }

  async destroy(): Promise<void> {
    const identity = this.child?.pid === undefined ? undefined : identify(this.child.pid)
    if (identity !== undefined) await stopPostmaster(identity)
    await this.installation.home.stop({ keepFiles: false })
    process.off('exit', this.installation.home.destroyAtExit)
  }

  /** Stops synchronously, for a process that is exiting. */
  destroyAtExit(): void {
    this.installation.home.destroyAtExit()
  }

  private launch(): ChildProcess {
    const { place, programs, account, port } = this.installation
    const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' }
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const log = openSync(place.log, 'w', 0o600)
    try {
      return spawn(programs.postgres, ['-D', place.cluster, ...words], {
        ...account,
        detached: true, // Ctrl-C must reach us alone.
        cwd: '/',
        stdio: ['ignore', log, log],
        // The process in postmaster.pid is dead, and its pid may be in use again.
        env: { ...PROGRAM_ENV, PG_GRANDPARENT_PID: String(this.child?.pid ?? 0) },
      })
    } finally {
      closeSync(log)
    }
  }

  private log(): string {
    return readFileSync(this.installation.place.log, 'utf8')
  }

  private async accepts(): Promise<boolean> {
    return onServer(this.url, (client) => client.query('SELECT 1')).then(
      () => true,
      () => false,
    )
  }

  /** All processes of the server except the first. */
  private async processes(): Promise<ProcessIdentity[]> {
    return await onServer(this.url, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
      return rows.flatMap(({ pid }) => identify(pid) ?? [])
    })
  }

  private async killBackend(): Promise<void> {
    const witness = new pg.Client({ connectionString: this.url })
    witness.on('error', () => undefined)
    await witness.connect()
    // A busy backend, or else the one that was busy last.
    const { rows } = await witness.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
       ORDER BY state = 'active' DESC, state_change DESC LIMIT 1`,
    )
    const [backend] = rows.flatMap(({ pid }) => identify(pid) ?? [])
    const ended = new Promise<void>((resolve) => witness.once('end', resolve))
    // If that backend has already ended, the server does not end the witness.
    if (backend === undefined || !killProcess(backend)) await witness.end()
    await ended
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Returns whether there was a process to kill. */
function killProcess(identity: ProcessIdentity): boolean {
  try {
    return isAlive(identity) && process.kill(identity.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
