// Runs a kill plan: kills at the planned moments of a load, restarts PostgreSQL, and measures how
// long the server needs to recover.
import { setTimeout as pause } from 'node:timers/promises'
import type { Faults } from './faults.ts'
import type { KillablePostgres } from './killablePostgres.ts'
import type { FoundationKill, KillPlan, WorkerKill } from './killPlan.ts'
import type { SupervisedServer } from './supervisedServer.ts'
import type { WorkerFleet } from './workerFleet.ts'

export interface Victims {
  readonly postgres: KillablePostgres
  readonly server: SupervisedServer
  readonly workers: WorkerFleet
  readonly faults: Faults
}

export interface Load {
  /** Number of completed jobs of the load. */
  completed(): number
  /** When aborted, no more processes are killed. */
  readonly signal: AbortSignal
  /** Called for each kill. */
  report(what: string): void
}

/** Maximum time until the server serves again after PostgreSQL accepts connections. */
const RECOVERY_MS = 5000
/** Maximum time without a completed job. Then the trial fails. */
const TIMEOUT_MS = 120_000
const POLL_MS = 10

/**
 * Resolves after all kills and recoveries. The result is the time of each recovery, in
 * milliseconds: from when PostgreSQL accepted connections until the server served again, without a
 * restart.
 */
export async function carryOut(plan: KillPlan, victims: Victims, load: Load): Promise<number[]> {
  const [recoveriesMs] = await Promise.all([
    killFoundations(plan.foundations, victims, load),
    killWorkers(plan.workers, victims, load),
  ])
  return recoveriesMs
}

async function killFoundations(kills: readonly FoundationKill[], victims: Victims, load: Load): Promise<number[]> {
  const recoveriesMs: number[] = []
  for (const kill of kills) {
    await momentOf(kill, load)
    load.report(`killing ${JSON.stringify(kill)}`)
    const recoveryMs = await killFoundation(kill, victims, load.signal)
    if (recoveryMs !== undefined) recoveriesMs.push(recoveryMs)
  }
  return recoveriesMs
}

async function killWorkers(kills: readonly WorkerKill[], { workers }: Victims, load: Load): Promise<void> {
  for (const kill of kills) {
    await momentOf(kill, load)
    load.report(`killing worker ${JSON.stringify(kill)}`)
    workers.kill(kill.worker)
  }
}

async function killFoundation(
  kill: FoundationKill,
  victims: Victims,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { postgres, server } = victims
  if (kill.of === 'postgres') return killPostgres(kill, victims, signal)
  if (kill.of === 'both') {
    await Promise.all([postgres.kill('everything'), server.kill()])
    await pause(kill.downMs)
    await postgres.start()
  } else {
    await server.kill()
  }
  await server.serving(signal)
  return undefined
}

async function killPostgres(
  { what, downMs }: Extract<FoundationKill, { of: 'postgres' }>,
  { postgres, server, faults }: Victims,
  signal: AbortSignal,
): Promise<number> {
  const { pid } = server
  await postgres.kill(what)
  if (what === 'backend') {
    await postgres.accepting()
  } else {
    await pause(downMs)
    await postgres.start()
  }
  const acceptedAt = performance.now()
  await server.serving(signal)
  const recoveryMs = Math.round(performance.now() - acceptedAt)
  if (recoveryMs > RECOVERY_MS) faults.note(`The server served again only after ${recoveryMs} ms.`)
  if (server.pid !== pid) faults.note('The server was restarted, although it was not killed.')
  return recoveryMs
}

/** Waits until the load has reached the moment of a kill. */
async function momentOf({ completed, delayMs }: WorkerKill | FoundationKill, load: Load): Promise<void> {
  let [last, progressAt] = [0, performance.now()]
  while (load.completed() < completed) {
    load.signal.throwIfAborted()
    if (load.completed() !== last) [last, progressAt] = [load.completed(), performance.now()]
    if (performance.now() - progressAt > TIMEOUT_MS) throw new Error(`No job was completed after the first ${last}.`)
    await pause(POLL_MS)
  }
  await pause(delayMs)
}
