// The PostgreSQL cluster on disk: created on first use with a password; later checked to be of our
// version. Call only under the start lock. Never removes an existing cluster.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DataPaths } from './dataPaths.ts'
import { EmbeddedDatabaseError } from './errors.ts'
import type { PostgresPrograms } from './programs.ts'
import { readPassword, SUPERUSER } from './runningServer.ts'
import { PROGRAM_ENV, type ServerAccount } from './serverAccount.ts'

const DRAFT_PREFIX = 'initdb-'

export interface ClusterOptions {
  readonly place: DataPaths
  readonly programs: PostgresPrograms
  readonly account: ServerAccount
  /** False: does not wait for the disk. For data that may be lost. */
  readonly durable: boolean
}

/** Creates the cluster unless it exists. */
export async function ensureCluster(options: ClusterOptions): Promise<void> {
  const versionFile = join(options.place.cluster, 'PG_VERSION')
  if (existsSync(versionFile)) requireVersion((await readFile(versionFile, 'utf8')).trim(), options)
  else await makeCluster(options)
}

function requireVersion(version: string, { place, programs }: ClusterOptions): void {
  if (version === String(programs.majorVersion)) return
  throw new EmbeddedDatabaseError(
    `The data in ${place.dir} was written by PostgreSQL ${version} and the embedded one is ${programs.majorVersion}: ` +
      `migrate it with the pg_dumpall of PostgreSQL ${version}, or set DATA_DIR to a new directory.`,
  )
}

async function makeCluster(options: ClusterOptions): Promise<void> {
  const { place, account } = options
  await requireVacant(place)
  await clearDrafts(place)
  await ensurePassword(place, account)
  // Created under another name and renamed when complete. A killed initdb leaves a draft and no
  // cluster.
  const draft = join(place.dir, `${DRAFT_PREFIX}${randomBytes(6).toString('hex')}`)
  await mkdir(draft, { mode: 0o700 })
  await own(draft, account)
  await runInitdb(draft, options)
  await rename(draft, place.cluster)
}

async function requireVacant(place: DataPaths): Promise<void> {
  if (!existsSync(place.cluster)) return
  await rmdir(place.cluster).catch((cause: unknown) => {
    throw new EmbeddedDatabaseError(
      `${place.cluster} exists but is not a PostgreSQL data directory: move it away, or set DATA_DIR to a new directory.`,
      { cause },
    )
  })
}

/**
 * Best effort. The initdb of a killed process may still write to its draft; then a later start
 * removes the draft.
 */
async function clearDrafts(place: DataPaths): Promise<void> {
  for (const name of await readdir(place.dir)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue
    await rm(join(place.dir, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/**
 * initdb reads the file as the server's user, so that user owns it. An existing password is kept.
 */
async function ensurePassword(place: DataPaths, account: ServerAccount): Promise<void> {
  if (readPassword(place) !== undefined) return
  await writeFile(place.password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  await chmod(place.password, 0o600)
  await own(place.password, account)
}

async function own(path: string, account: ServerAccount): Promise<void> {
  if (account.uid !== undefined) await chown(path, account.uid, account.gid)
}

async function runInitdb(draft: string, { place, programs, account, durable }: ClusterOptions): Promise<void> {
  const words = [
    ...['--pgdata', draft, '--username', SUPERUSER, '--pwfile', place.password, '--auth', 'scram-sha-256'],
    // PostgreSQL's own C.UTF-8: the same order and upper case on every system.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--set', 'timezone=UTC', '--set', 'log_timezone=UTC', '--no-instructions'],
    ...(durable ? [] : ['--no-sync']),
  ]
  try {
    await promisify(execFile)(programs.initdb, words, { ...account, cwd: '/', env: PROGRAM_ENV })
  } catch (cause) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
    const { stderr, message } = cause as Error & { stderr?: string }
    const reason = /^initdb: error: .*$|^.*FATAL:.*$/m.exec(stderr ?? '')?.[0] ?? message
    throw new EmbeddedDatabaseError(`The embedded database could not be created in ${place.dir} (${reason}).`, {
      cause,
    })
  }
}
