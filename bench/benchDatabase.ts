// The location of the data set: the server of BENCH_DATABASE_URL; an embedded server in
// BENCH_DATA_DIR, which the next run reuses; or an embedded server in a temporary directory. The
// code that opens it must close it.
import { rmSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { databaseUrl as postgresUrl } from '../src/config/forms.ts'
import { dataPaths } from '../src/database/embedded/dataPaths.ts'
import { readPostmasterFile } from '../src/database/embedded/runningServer.ts'
import { startEmbedded } from '../src/database/embedded/startEmbedded.ts'
import { applyMigrations, migrationState } from '../src/database/migrations.ts'
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts'
import { databaseUrl, onServer, PRISTINE } from '../test/support/testRun.ts'
import { BenchError } from './benchError.ts'
import { loadDataSet } from './dataSet.ts'
import { removeWritten } from './writtenJobs.ts'

export interface BenchDatabase {
  readonly url: string
  /** Describes the server and its settings for people. */
  readonly described: string
  /** It runs on this machine. */
  readonly isHere: boolean
  close(): Promise<void>
}

const MEGABYTE = 1024 * 1024
const MAX_BUFFERS_MB = 2048

/**
 * A quarter of the memory for buffers, as the manual recommends. Commits do not wait for the disk,
 * because that would hide differences between the programs.
 */
function settings(): Record<string, string> {
  const buffers = Math.min(MAX_BUFFERS_MB, Math.floor(totalmem() / MEGABYTE / 4))
  return {
    shared_buffers: `${buffers}MB`,
    synchronous_commit: 'off',
    max_connections: '100',
    max_wal_size: '8GB',
    checkpoint_timeout: '30min',
  }
}

/**
 * Opens a database with `jobs` jobs. Creates it unless it exists.
 *
 * @throws BenchError if a database that is not ours has its name, or if BENCH_DATABASE_URL is not a
 * PostgreSQL URL
 */
export async function openBenchDatabase(jobs: number, say: (line: string) => void): Promise<BenchDatabase> {
  const server = await openServer()
  try {
    const name = `jobledger_bench_${jobs}`
    const url = databaseUrl(server.url, name)
    if (await isComplete({ serverUrl: server.url, name, url })) say(`Found ${name}.`)
    else await make({ serverUrl: server.url, name, url, jobs }, say)
    await onServer(url, removeWritten)
    const version = await onServer(url, async (client) => {
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
      return rows[0]?.server_version.split(' ')[0]
    })
    return { url, described: `PostgreSQL ${version}, ${server.described}`, isHere: server.isHere, close: server.close }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function openServer(): Promise<BenchDatabase> {
  const external = process.env.BENCH_DATABASE_URL
  if (external)
    return {
      url: requirePostgresUrl(external),
      described: 'that of BENCH_DATABASE_URL',
      isHere: false,
      close: async () => undefined,
    }
  const kept = process.env.BENCH_DATA_DIR
  const dataDir = kept || temporaryDirectory('jobledger-bench-')
  const given = settings()
  const remove = (): void => (kept ? undefined : removeData(dataDir))
  try {
    const server = await startEmbedded({
      dataDir,
      settings: given,
      log: { info: () => undefined, warn: console.warn },
      ...(kept ? {} : { systemDir: join(dataDir, 'system') }),
    })
    // After the handler that stops the server.
    process.once('exit', remove)
    const described = `embedded; shared_buffers ${given.shared_buffers}, synchronous_commit ${given.synchronous_commit}`
    const close = async (): Promise<void> => {
      await server.stop()
      process.off('exit', remove)
      remove()
    }
    return { url: server.url, described, isHere: true, close }
  } catch (error) {
    remove()
    throw error
  }
}

function requirePostgresUrl(text: string): string {
  const { error } = postgresUrl().safeParse(text)
  if (error) throw new BenchError(`BENCH_DATABASE_URL ${error.issues[0]?.message}`)
  return text
}

/** Synchronous, for a process that is exiting. The server may still be writing while it stops. */
function removeData(dataDir: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let waits = 0; waits < 200 && readPostmasterFile(dataPaths(dataDir)) !== undefined; waits += 1)
    Atomics.wait(clock, 0, 0, 25)
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
}

interface NewDatabase {
  readonly serverUrl: string
  readonly name: string
  readonly url: string
  readonly jobs: number
}

/** The comment that marks our databases. Databases without it are never dropped. */
const COMPLETE = 'complete'
const INCOMPLETE = 'jobledger benchmark: incomplete'

/**
 * Whether a complete database of ours exists. An interrupted load leaves an incomplete one, and
 * older code leaves one with other migrations.
 *
 * @throws BenchError if there is a database that is not ours
 */
async function isComplete({ serverUrl, name, url }: Omit<NewDatabase, 'jobs'>): Promise<boolean> {
  const found = await onServer(serverUrl, async (client) => {
    const { rows } = await client.query<{ comment: string | null }>(
      `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [name],
    )
    return rows[0]
  })
  if (found === undefined || found.comment === INCOMPLETE) return false
  if (found.comment !== COMPLETE) {
    throw new BenchError(
      `The database ${name} exists, but the benchmark did not create it and does not change ` +
        'it: drop or rename it, or choose another --jobs.',
    )
  }
  return (await onServer(url, (client) => migrationState(client))).state === 'up-to-date'
}

/** Drops an incomplete or outdated database of ours. */
async function make({ serverUrl, name, url, jobs }: NewDatabase, say: (line: string) => void): Promise<void> {
  say(`Making ${name}: ${jobs} jobs, ${4 * jobs} records.`)
  await onServer(serverUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${name} ${PRISTINE}`)
    await client.query(`COMMENT ON DATABASE ${name} IS '${INCOMPLETE}'`)
  })
  await applyMigrations(url)
  await loadDataSet(url, { size: jobs, nowMs: Date.now() }, say)
  await onServer(serverUrl, (client) => client.query(`COMMENT ON DATABASE ${name} IS '${COMPLETE}'`))
}
