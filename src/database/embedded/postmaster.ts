// The PostgreSQL server process: started on a free loopback port, awaited until it accepts
// connections, and stopped. Call only under the start lock. Does not decide who owns the server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataPaths } from './dataPaths.ts'
import { EmbeddedDatabaseError } from './errors.ts'
import { identify, isAlive, type ProcessIdentity } from './processIdentity.ts'
import type { PostgresPrograms } from './programs.ts'
import { readPostmasterFile } from './runningServer.ts'
import { PROGRAM_ENV, type ServerAccount } from './serverAccount.ts'

export type ServerSettings = Readonly<Record<string, string>>

export interface Launch {
  readonly place: DataPaths
  readonly programs: PostgresPrograms
  readonly account: ServerAccount
  readonly settings: ServerSettings
  /** The process in postmaster.pid, if it is known not to be a postmaster of this cluster. */
  readonly stalePid: number | undefined
}

export interface LaunchedPostmaster {
  readonly identity: ProcessIdentity
  readonly port: number
  readonly process: ChildProcess
}

const POLL_MS = 15
/** Crash recovery of a large database can take minutes. */
const START_MS = 300_000
const ATTEMPTS = 8
const ATTEMPT_PAUSE_MS = 500
const LARGE_LOG_BYTES = 10_000_000
/**
 * Another process took the port after we chose it, or the last backends of a killed postmaster are
 * still ending.
 */
const PASSING_FAILURE = /could not create any TCP\/IP sockets|pre-existing shared memory block/

/** Starts the server and waits until it accepts connections. */
export async function launchPostmaster(launch: Launch): Promise<LaunchedPostmaster> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await launchOnce(launch, await freePort())
    if (typeof outcome !== 'string') return outcome
    if (attempt === ATTEMPTS || !PASSING_FAILURE.test(outcome)) throw startFailure(launch.place, outcome)
    await sleep(ATTEMPT_PAUSE_MS)
  }
}

/** The server, or its log if it ended early. */
async function launchOnce(launch: Launch, port: number): Promise<LaunchedPostmaster | string> {
  const log = openLog(launch.place)
  try {
    const logStart = fstatSync(log).size
    const child = spawnPostmaster(launch, port, log)
    const ended = once(child, 'exit').then(
      () => undefined,
      (error: Error) => error.message, // It could not be spawned.
    )
    const outcome = (await Promise.race([ended, readiness(child, launch.place)])) ?? readLog(launch.place, logStart)
    return typeof outcome === 'string' ? outcome : { identity: outcome, port, process: child }
  } finally {
    closeSync(log)
  }
}

function spawnPostmaster({ place, programs, account, settings, stalePid }: Launch, port: number, log: number) {
  const all = { ...settings, listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' }
  const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(programs.postgres, ['-D', place.cluster, ...words], {
    ...account,
    // Outside the terminal's process group. Ctrl-C must reach this process only, so that requests
    // end before the database.
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: {
      ...PROGRAM_ENV,
      // PostgreSQL refuses to start while the pid in postmaster.pid is alive, unless the process is
      // its parent or its grandparent. The file must not be removed: PostgreSQL also needs it to
      // notice backends that are still writing.
      ...(stalePid === undefined ? {} : { PG_GRANDPARENT_PID: String(stalePid) }),
    },
  })
  child.unref()
  return child
}

/** Never settles if the process ends first. */
async function readiness(child: ChildProcess, place: DataPaths): Promise<ProcessIdentity> {
  const deadline = Date.now() + START_MS
  while (Date.now() < deadline) {
    const file = readPostmasterFile(place)
    const identity = file?.ready && file.pid === child.pid ? identify(file.pid) : undefined
    if (identity !== undefined) return identity
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return new Promise(() => undefined)
    }
    await sleep(POLL_MS)
  }
  child.kill('SIGQUIT')
  throw startFailure(place, `not ready after ${START_MS / 1000} s`)
}

function startFailure(place: DataPaths, output: string): EmbeddedDatabaseError {
  const lines = output.trim().split('\n')
  const reason = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1)
  return new EmbeddedDatabaseError(`The embedded PostgreSQL did not start (${reason}); its log is ${place.log}.`)
}

/**
 * Stops the server cleanly without waiting for clients, and by stronger signals if it does not
 * stop. Resolves when the process is gone.
 */
export async function stopPostmaster(server: ProcessIdentity): Promise<void> {
  // Fast shutdown; then immediate shutdown, which needs recovery at the next start; then SIGKILL.
  for (const [signal, patienceMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    signalPostmaster(server, signal)
    const deadline = Date.now() + patienceMs
    while (Date.now() < deadline) {
      if (!isAlive(server)) return
      await sleep(POLL_MS)
    }
  }
}

/** Signals this process only, never a later one with the same pid. */
export function signalPostmaster(server: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(server)) return
  try {
    process.kill(server.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Opened by this process, because the server's user cannot write here. */
function openLog(place: DataPaths): number {
  const size = statSync(place.log, { throwIfNoEntry: false })?.size ?? 0
  if (size > LARGE_LOG_BYTES) renameSync(place.log, `${place.log}.1`)
  return openSync(place.log, 'a', 0o600)
}

function readLog(place: DataPaths, from: number): string {
  return readFileSync(place.log).subarray(from).toString()
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
