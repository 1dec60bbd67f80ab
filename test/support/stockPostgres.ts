// Servers of PostgreSQL as Debian packages it, of the version in TEST_POSTGRES_BIN, by default 15.
// Unlike the embedded PostgreSQL it has JIT, pg_basebackup and pg_dump. Each server listens on the
// loopback interface. The caller must destroy it.
import { execFile, spawnSync } from 'node:child_process'
import { appendFileSync, chownSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROGRAM_ENV, serverAccount } from '../../src/database/embedded/serverAccount.ts'
import { fixedPort } from './fixedPort.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** The folder of its programs. */
const BIN = process.env.TEST_POSTGRES_BIN || '/usr/lib/postgresql/15/bin'

export function hasStockPostgres(): boolean {
  return existsSync(join(BIN, 'pg_basebackup'))
}

/** For describe.skipIf: warns that the tests are skipped, and why. */
export function withoutStockPostgres(what: string): boolean {
  if (hasStockPostgres()) return false
  console.warn(`!!! SKIPPED: ${what}, because ${BIN} has no pg_basebackup (Debian package postgresql-15).`)
  return true
}

type Settings = Readonly<Record<string, string | number>>

export interface StockPostgres {
  /** The URL of the database `postgres`, without a password. */
  readonly url: string
  readonly port: number
  start(): Promise<void>
  stop(): Promise<void>
  /** Stops it without a clean shutdown, as a crash does. */
  crash(): Promise<void>
  /** Promotes a standby, which is then writable. */
  promote(): Promise<void>
  /**
   * A standby that streams from this server; `name` is its application_name for
   * synchronous_standby_names.
   */
  addStandby(name: string, settings?: Settings): Promise<StockPostgres>
  destroy(): Promise<void>
}

const DISPOSABLE = { fsync: 'off', full_page_writes: 'off', max_connections: 100, shared_buffers: '64MB' }

/** Starts a new server. `settings` can reuse the port of a stopped server. */
export async function startStockPostgres(settings: Settings = {}): Promise<StockPostgres> {
  const data = newDataFolder()
  await runPostgresProgram('initdb', [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ])
  return startServer(data, { ...DISPOSABLE, ...settings })
}

async function startServer(data: string, settings: Settings): Promise<StockPostgres> {
  const port = Number(settings.port ?? (await fixedPort()))
  const own = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  const lines = Object.entries(own).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`)
  appendFileSync(join(data, 'postgresql.conf'), lines.join(''))
  const control = (...words: string[]): Promise<void> =>
    runPostgresProgram('pg_ctl', ['-D', data, '-w', '-t', '120', ...words])
  const server: StockPostgres = {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    port,
    start: () => control('-l', join(data, '..', 'log'), 'start'),
    stop: () => control('-m', 'fast', 'stop'),
    crash: () => control('-m', 'immediate', 'stop'),
    promote: () => control('promote'),
    async addStandby(name, more = {}) {
      const copy = newDataFolder()
      const from = `host=127.0.0.1 port=${port} user=postgres application_name=${name}`
      await runPostgresProgram('pg_basebackup', [
        '-D',
        copy,
        '-d',
        from,
        '-R',
        '-X',
        'stream',
        '-c',
        'fast',
        '--no-sync',
      ])
      return startServer(copy, { ...settings, synchronous_standby_names: '', primary_conninfo: from, ...more })
    },
    async destroy() {
      process.off('exit', stopAtExit)
      await server.crash().catch(() => undefined)
      rmSync(join(data, '..'), { recursive: true, force: true, maxRetries: 5 })
    },
  }
  const stopAtExit = () => spawnSync(join(BIN, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], options())
  process.once('exit', stopAtExit)
  await server.start()
  return server
}

/** A directory that the account of the server can write. */
function newDataFolder(): string {
  const data = join(temporaryDirectory('jobledger-stock-'), 'data')
  mkdirSync(data, { mode: 0o700 })
  const { uid, gid } = serverAccount(undefined)
  for (const folder of [data, join(data, '..')]) if (uid !== undefined) chownSync(folder, uid, gid)
  return data
}

const options = () => ({ ...serverAccount(undefined), cwd: '/', env: PROGRAM_ENV, stdio: 'ignore' as const })

/** Runs a program of the package, such as pg_dump. @throws if it fails */
export async function runPostgresProgram(program: string, words: readonly string[]): Promise<void> {
  await promisify(execFile)(join(BIN, program), [...words], { ...serverAccount(undefined), cwd: '/', env: PROGRAM_ENV })
}
