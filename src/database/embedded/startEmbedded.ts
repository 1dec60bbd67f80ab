// Gives a process the embedded PostgreSQL of a data directory: starts it, joins it as a guest of the living process
// that started it, or takes it over from a dead one. It alone decides who owns the server.
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
  /** Server settings (postgresql.conf) for a server that this call starts. `fsync: "off"` makes it throw-away. */
  readonly settings?: ServerSettings
  /** Where root keeps what PostgreSQL's user cannot reach in the checkout. */
  readonly systemDir?: string
}

export interface EmbeddedServer {
  readonly url: string
  /** False for a guest: another living process owns the server and will stop it. */
  readonly owned: boolean
  /** Stops the server if it is ours, and resolves when its process is gone. Safe to call twice. */
  stop(): Promise<void>
}

interface RunningServer {
  readonly identity: ProcessIdentity
  readonly port: number
}

/** How long a server that a killed process left behind may take until it answers, before it is replaced. */
const ORPHAN_ANSWER_MS = 60_000
const STOP_LOCK_MS = 10_000
const POLL_MS = 50

/**
 * Starts or finds the embedded PostgreSQL of `dataDir`, which accepts connections when this resolves.
 * An owner stops it by `stop()`; a normal exit of the process without `stop()` stops it too.
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
      // Before the launch: a server whose owner nobody knows would be taken over from its living owner.
      await replaceFile(place.owner, JSON.stringify(identifySelf()))
      const settings = options.settings ?? {}
      const server = running ?? (await launch({ place, programs, account, settings }, password, options.log))
      if (running !== undefined)
        options.log.info(`Took over the database in ${place.dir} from a process that was killed.`)
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
    if (code !== 0) log.warn(`The embedded PostgreSQL ended (${signal ?? `status ${code}`}); its log is ${place.log}.`)
  })
  return { identity, port }
}

/** The postmaster that serves this cluster already, waited for until it answers; replaced if it never does. */
async function findRunning(place: DataPaths, password: string, log: EmbeddedLog): Promise<RunningServer | undefined> {
  const deadline = Date.now() + ORPHAN_ANSWER_MS
  for (;;) {
    const found = livingPostmaster(place)
    if (found === undefined) return undefined
    const answer = await probePort(found.port, password)
    if (answer === 'ours') return found
    if (!found.certain) return undefined
    if (answer === 'not ours') throw wrongPassword(place)
    if (Date.now() > deadline) {
      log.warn(`The database server ${found.identity.pid} of ${place.dir} does not answer; replacing it.`)
      await stopPostmaster(found.identity)
      return undefined
    }
    await sleep(POLL_MS)
  }
}

/** What postmaster.pid names, if it lives and may be a postmaster; `certain` if nothing else can be meant. */
function livingPostmaster(place: DataPaths): (RunningServer & { certain: boolean }) | undefined {
  const file = readPostmasterFile(place)
  if (file === undefined) return undefined
  const serves = servesCluster(file.pid, place)
  const identity = identify(file.pid)
  if (serves === 'no' || identity === undefined) return undefined
  return { identity, port: file.port, certain: serves === 'yes' }
}

/** Who started the server. Means nothing while no server runs, so nobody has to clear it away. */
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
    // Under the lock, so that nobody becomes the guest of a server that is about to go; but not for ever, and also when
    // somebody has removed the directory.
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
    `The password of the database in ${place.dir} is missing (${place.password}): restore that file, or set DATA_DIR to a new directory.`,
  )
}

function wrongPassword(place: DataPaths): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The database in ${place.dir} does not accept the password in ${place.password}: restore that file, or set DATA_DIR to a new directory.`,
  )
}
