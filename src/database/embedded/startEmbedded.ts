// Provides the embedded PostgreSQL of a data directory: starts it, joins the server of another
// living process, or takes over the server of a dead one. Only this module decides who owns the
// server.
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureCluster } from './cluster.ts'
import { ensureDatabase, isAuthFailure, probePort } from './connection.ts'
import { type DataPaths, SYSTEM_DIR } from './dataPaths.ts'
import { asEmbeddedDatabaseError, EmbeddedDatabaseError } from './errors.ts'
import { type Launch, launchPostmaster, type ServerSettings, signalPostmaster, stopPostmaster } from './postmaster.ts'
import { prepareDataPaths } from './prepareDataPaths.ts'
import { identify, identifySelf, isAlive, type ProcessIdentity, parseIdentity } from './processIdentity.ts'
import { findPrograms } from './programs.ts'
import { embeddedUrl, readPassword, readPostmasterFile, servesCluster } from './runningServer.ts'
import { replaceFile, withStartLock } from './startLock.ts'

export interface EmbeddedLog {
  info(message: string): void
  warn(message: string): void
}

export interface EmbeddedOptions {
  readonly dataDir: string
  readonly log: EmbeddedLog
  /**
   * Server settings (postgresql.conf) for a server that this call starts. `fsync: "off"` is for
   * disposable data.
   */
  readonly settings?: ServerSettings
  /** Where root stores what PostgreSQL's user cannot reach in the checkout. */
  readonly systemDir?: string
}

export interface EmbeddedServer {
  readonly url: string
  /** False if joined: another living process owns the server and will stop it. */
  readonly owned: boolean
  /**
   * Stops the server if this process owns it, and resolves when its process is gone. Safe to call
   * twice.
   */
  stop(): Promise<void>
}

interface RunningServer {
  readonly identity: ProcessIdentity
  readonly port: number
}

/** Maximum time that the server of a killed process may take to respond. Then it is replaced. */
const ORPHAN_ANSWER_MS = 60_000
const STOP_LOCK_MS = 10_000
const POLL_MS = 50

/**
 * Starts the embedded PostgreSQL of `dataDir` or joins a running one. It accepts connections when
 * this resolves. The owner stops it by `stop()`, or by a normal exit of its process.
 * @throws EmbeddedDatabaseError with a sentence for the user
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    const { place, account } = prepareDataPaths(options.dataDir, options.systemDir ?? SYSTEM_DIR, options.log)
    const programs = await findPrograms(account, options.systemDir ?? SYSTEM_DIR)
    return await withStartLock(place.dir, async () => {
      await ensureCluster({ place, programs, account, durable: options.settings?.fsync !== 'off' })
      const password = requirePassword(place)
      const running = await findRunning(place, password, options.log)
      if (running !== undefined && (await ownerIsAlive(place))) return joined(running, password)
      // Before the launch: without a recorded owner, another process would take the server over.
      await replaceFile(place.owner, JSON.stringify(identifySelf()))
      const settings = options.settings ?? {}
      const server = running ?? (await launch({ place, programs, account, settings }, password, options.log))
      if (running !== undefined)
        options.log.info(`took over the database in ${place.dir} from a process that was killed`)
      return owned(server, place, password)
    })
  } catch (error) {
    throw asEmbeddedDatabaseError(error, options.dataDir)
  }
}

async function launch(options: Omit<Launch, 'stalePid'>, password: string, log: EmbeddedLog): Promise<RunningServer> {
  const { place } = options
  const stalePid = readPostmasterFile(place)?.pid
  const { identity, port, process: child } = await launchPostmaster({ ...options, stalePid })
  try {
    await ensureDatabase(port, password)
  } catch (error) {
    await stopPostmaster(identity)
    throw isAuthFailure(error) ? wrongPassword(place) : error
  }
  child.once('exit', (code, signal) => {
    if (code !== 0) log.warn(`embedded PostgreSQL ended (${signal ?? `status ${code}`}); its log is ${place.log}`)
  })
  return { identity, port }
}

/**
 * The postmaster that already serves this cluster, once it responds. Replaces it if it never does.
 */
async function findRunning(place: DataPaths, password: string, log: EmbeddedLog): Promise<RunningServer | undefined> {
  const deadline = Date.now() + ORPHAN_ANSWER_MS
  for (;;) {
    const found = livingPostmaster(place)
    if (found === undefined) return undefined
    const probed = await probePort(found.port, password)
    if (probed === 'same cluster') return found
    if (!found.certain) return undefined
    if (probed === 'another cluster') throw wrongPassword(place)
    if (Date.now() > deadline) {
      log.warn(`database server ${found.identity.pid} of ${place.dir} does not respond; replacing it`)
      await stopPostmaster(found.identity)
      return undefined
    }
    await sleep(POLL_MS)
  }
}

/**
 * The process in postmaster.pid, if it is alive and may be a postmaster. `certain` if it is
 * certainly ours.
 */
function livingPostmaster(place: DataPaths): (RunningServer & { certain: boolean }) | undefined {
  const file = readPostmasterFile(place)
  if (file === undefined) return undefined
  const serves = servesCluster(file.pid, place)
  const identity = identify(file.pid)
  if (serves === 'no' || identity === undefined) return undefined
  return { identity, port: file.port, certain: serves === 'yes' }
}

/**
 * Whether the process that started the server is alive. Meaningless while no server runs, so the
 * file needs no cleanup.
 */
async function ownerIsAlive(place: DataPaths): Promise<boolean> {
  const owner = parseIdentity(await readFile(place.owner, 'utf8').catch(() => ''))
  return owner !== undefined && isAlive(owner)
}

function joined(server: RunningServer, password: string): EmbeddedServer {
  return { url: embeddedUrl(server.port, password), owned: false, stop: async () => undefined }
}

function owned(server: RunningServer, place: DataPaths, password: string): EmbeddedServer {
  const stopOnExit = (): void => signalPostmaster(server.identity, 'SIGINT')
  process.once('exit', stopOnExit)
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    const stopServer = (): Promise<void> => stopPostmaster(server.identity)
    // Under the lock, so that no other process joins a server that is about to stop. Stops it
    // without the lock after a timeout, or if the directory was removed.
    await withStartLock(place.dir, stopServer, STOP_LOCK_MS).catch(stopServer)
    process.off('exit', stopOnExit)
  }
  return {
    url: embeddedUrl(server.port, password),
    owned: true,
    stop: () => (stopping ??= stop()),
  }
}

function requirePassword(place: DataPaths): string {
  const password = readPassword(place)
  if (password !== undefined) return password
  throw new EmbeddedDatabaseError(
    `The password of the database in ${place.dir} is missing (${place.password}): restore ` +
      'that file, or set DATA_DIR to a new directory.',
  )
}

function wrongPassword(place: DataPaths): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The database in ${place.dir} does not accept the password in ${place.password}: restore ` +
      'that file, or set DATA_DIR to a new directory.',
  )
}
