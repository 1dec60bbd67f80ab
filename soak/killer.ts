// Carries a plan out: kills at the planned moments of a load, brings PostgreSQL back, and measures how long the server needs then.
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
  /** So many of its jobs are completed. */
  completed(): number
  /** When it is aborted nobody is killed any more. */
  readonly signal: AbortSignal
  /** Told of each kill. */
  tell(what: string): void
}

/** The server must serve again so long after PostgreSQL accepts connections. */
const RECOVERY_MS = 5000
/** When no job was completed for so long, the trial is over. */
const PATIENCE_MS = 120_000
const LOOK_AGAIN_MS = 10

/**
 * Resolves when everything was killed and has recovered: to how long after PostgreSQL accepted connections the server served again,
 * without a restart, in milliseconds, each time.
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
    load.tell(`killing ${JSON.stringify(kill)}`)
    const recoveryMs = await killFoundation(kill, victims, load.signal)
    if (recoveryMs !== undefined) recoveriesMs.push(recoveryMs)
  }
  return recoveriesMs
}

async function killWorkers(kills: readonly WorkerKill[], { workers }: Victims, load: Load): Promise<void> {
  for (const kill of kills) {
    await momentOf(kill, load)
    load.tell(`killing worker ${JSON.stringify(kill)}`)
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
    await pause(kill.awayMs)
    await postgres.start()
  } else {
    await server.kill()
  }
  await server.serving(signal)
  return undefined
}

async function killPostgres(
  { what, awayMs }: Extract<FoundationKill, { of: 'postgres' }>,
  { postgres, server, faults }: Victims,
  signal: AbortSignal,
): Promise<number> {
  const { pid } = server
  await postgres.kill(what)
  if (what === 'backend') {
    await postgres.accepting()
  } else {
    await pause(awayMs)
    await postgres.start()
  }
  const acceptedAt = performance.now()
  await server.serving(signal)
  const recoveryMs = Math.round(performance.now() - acceptedAt)
  if (recoveryMs > RECOVERY_MS) faults.note(`The server served again only after ${recoveryMs} ms.`)
  if (server.pid !== pid) faults.note('It was another server that served again.')
  return recoveryMs
}

/** Waits until the load has come to the moment of a kill. */
async function momentOf({ completed, delayMs }: WorkerKill | FoundationKill, load: Load): Promise<void> {
  let [last, progressAt] = [0, performance.now()]
  while (load.completed() < completed) {
    load.signal.throwIfAborted()
    if (load.completed() !== last) [last, progressAt] = [load.completed(), performance.now()]
    if (performance.now() - progressAt > PATIENCE_MS) throw new Error(`No job was completed after the first ${last}.`)
    await pause(LOOK_AGAIN_MS)
  }
  await pause(delayMs)
}
