// Runs PgBouncer (Debian package pgbouncer) in front of a PostgreSQL server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROGRAM_ENV, serverAccount } from '../../src/database/embedded/serverAccount.ts'
import { eventually } from './eventually.ts'
import { fixedPort } from './fixedPort.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'
import { onServer } from './testRun.ts'

const PROGRAM = '/usr/sbin/pgbouncer'

/** For describe.skipIf: warns that the tests are skipped, and why. */
export function withoutPgBouncer(what: string): boolean {
  if (existsSync(PROGRAM)) return false
  console.warn(`!!! SKIPPED: ${what}, because the Debian package pgbouncer is not installed.`)
  return true
}

export interface PgBouncer {
  /** The URL of a database through PgBouncer. */
  urlOf(database: string): string
  /** Stops it, which cuts all connections, and starts it again at the same address. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface PgBouncerOptions {
  /** The port of PostgreSQL, which must trust `user`. */
  readonly target: number
  readonly user: string
  readonly poolMode: 'session' | 'transaction' | 'statement'
  /** Additional lines of pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export async function startPgBouncer({ target, user, poolMode, settings = {} }: PgBouncerOptions): Promise<PgBouncer> {
  const port = await fixedPort()
  const dir = temporaryDirectory('jobledger-pgbouncer-')
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(dir, 'users'),
    pool_mode: poolMode,
    default_pool_size: 50,
    max_client_conn: 200,
    ...settings,
  }
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}`)
  writeFileSync(join(dir, 'users'), `"${user}" ""\n`)
  writeFileSync(
    join(dir, 'ini'),
    ['[databases]', `* = host=127.0.0.1 port=${target}`, '[pgbouncer]', ...lines, ''].join('\n'),
  )
  const { uid, gid } = serverAccount(undefined)
  for (const path of [dir, join(dir, 'users'), join(dir, 'ini')]) if (uid !== undefined) chownSync(path, uid, gid)
  const urlOf = (database: string): string => `postgresql://${user}@127.0.0.1:${port}/${database}`
  const launch = async (): Promise<ChildProcess> => {
    const options = { ...serverAccount(undefined), cwd: '/', env: PROGRAM_ENV, stdio: 'ignore' as const }
    const launched = spawn(PROGRAM, ['-q', join(dir, 'ini')], options)
    await eventually(() => onServer(urlOf('postgres'), (client) => client.query('SELECT 1')))
    return launched
  }
  let child = await launch()
  return {
    urlOf,
    async restart() {
      await stop(child)
      child = await launch()
    },
    async stop() {
      await stop(child)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null ? once(child, 'exit') : undefined
  child.kill('SIGQUIT')
  await ended
}
