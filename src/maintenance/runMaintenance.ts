// The maintenance of a process: again and again, if this process has the lock, a round of the tasks that are due. A failure is told and
// never ends the process; what was not done is done by a later round, or by another process that takes over.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { type Service, type ServiceLog, startService } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { describeRun, hasDoneSomething, type MaintenanceTask, runTask, type TaskRun } from './maintenanceTask.ts'

export interface MaintenanceOptions {
  readonly ledger: Ledger
  readonly tasks: readonly MaintenanceTask[]
  readonly lock: AdvisoryLock
  /** From the end of a round to the beginning of the next, give or take a fifth by chance: replicas shall not ask all at once. */
  readonly intervalSeconds: number
  /** A statement that runs when maintenance is stopped has so long to end; then it is cancelled. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that whoever does the maintenance has. */
export const MAINTENANCE_LOCK = 'maintenance'

const JITTER = 0.2

/** Begins at some moment of the first interval. Does not keep the process alive. */
export function runMaintenance(options: MaintenanceOptions): Service {
  return startService({
    ...options,
    run: (stopping) => runRounds(options, stopping),
    close: () => options.lock.release(),
  })
}

/** What was last told of who does the maintenance. */
type Standing = 'unknown' | 'ours' | 'of another process' | 'database away'

async function runRounds(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  const { log } = options
  const ms = options.intervalSeconds * 1000
  const wait = (factor: number) => sleep(ms * factor, undefined, { ref: false, signal }).catch(() => undefined)
  let before: Standing = 'unknown'
  for (await wait(Math.random()); !signal.aborted; await wait(1 - JITTER + 2 * JITTER * Math.random())) {
    before = await runRound(options, signal, before).catch((error: unknown) => {
      // A warning for each outage, not for each round that finds it.
      if (!signal.aborted) log[before === 'database away' ? 'debug' : 'warn']({ err: error }, DATABASE_UNAVAILABLE)
      return 'database away'
    })
  }
}

const DATABASE_UNAVAILABLE = 'maintenance has lost the database; it goes on when the database is back'
const STANDINGS = {
  ours: 'this process does the maintenance',
  'of another process': 'another process does the maintenance; this one takes over when that one is gone',
} as const

/** @throws what shows that the database is away */
async function runRound(options: MaintenanceOptions, signal: AbortSignal, before: Standing): Promise<Standing> {
  const now = (await options.lock.hold(signal)) ? 'ours' : 'of another process'
  if (now !== before) options.log.info({}, STANDINGS[now])
  if (now === 'ours') await runTasks(options, signal)
  return now
}

async function runTasks({ tasks, ledger, lock, log }: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  for (const task of tasks) {
    if (signal.aborted) return
    try {
      if ((await task.isDue?.(ledger)) ?? true) tell(log, await runTask(task, ledger, { signal }))
    } catch (error) {
      // A task that fails while the session of the lock stands has failed by itself.
      if (signal.aborted || !(await lock.isHeld(signal))) throw error
      log.error({ err: error, task: task.name }, 'a task of maintenance failed; the next round tries it again')
    }
  }
}

function tell(log: ServiceLog, run: TaskRun): void {
  const { counts, ...facts } = run
  log[hasDoneSomething(run) ? 'info' : 'debug']({ ...facts, ...counts }, `maintenance, ${describeRun(run)}`)
}
