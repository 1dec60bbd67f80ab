// The maintenance service of a process. While this process holds the lock, it repeatedly runs a
// round of the tasks that are due. Failures are logged and never end the process. A later round, or
// another process that takes over the lock, does the remaining work.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { type ForceStop, failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import { isReadOnlyError } from '../database/sessionCheck.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { describeRun, isNoteworthy, type MaintenanceTask, runTask, type TaskRun } from './maintenanceTask.ts'
import { recordFailedRun } from './runRecord.ts'

export interface MaintenanceOptions {
  readonly ledger: Ledger
  readonly tasks: readonly MaintenanceTask[]
  readonly lock: AdvisoryLock
  /**
   * Time between two rounds. A random jitter of 20 % keeps replicas from querying at the same time.
   */
  readonly intervalSeconds: number
  /** On shutdown a running statement is cancelled after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that the active process holds. */
export const MAINTENANCE_LOCK = 'maintenance'

const JITTER = 0.2

/**
 * Starts the first round at a random time within the first interval. Does not keep the process
 * alive.
 */
export function runMaintenance(options: MaintenanceOptions): Service {
  return startService({
    ...options,
    run: (stopping, forceStop) => runRounds(options, stopping, forceStop),
    close: () => options.lock.release(),
  })
}

/** The status that was last logged. */
type Status = 'unknown' | 'active' | 'standby' | 'database down'

async function runRounds(options: MaintenanceOptions, signal: AbortSignal, forceStop: ForceStop): Promise<void> {
  const { log } = options
  const ms = options.intervalSeconds * 1000
  const wait = (factor: number) => sleep(ms * factor, undefined, { ref: false, signal }).catch(() => undefined)
  let previous: Status = 'unknown'
  for (await wait(Math.random()); !signal.aborted; await wait(1 - JITTER + 2 * JITTER * Math.random())) {
    const round = forceStop.run(() => runRound(options, signal, previous))
    previous = await round.catch((error: unknown): Status => {
      // Warns once per outage, not in every round.
      if (!signal.aborted)
        log[previous === 'database down' ? 'debug' : 'warn'](failureFields(error), DATABASE_UNAVAILABLE)
      return 'database down'
    })
  }
}

const DATABASE_UNAVAILABLE = 'maintenance paused: database unavailable'
const MESSAGES = {
  active: 'acquired maintenance lock',
  standby: 'waiting for maintenance lock of another process',
} as const

/** @throws errors that show that the database is unavailable */
async function runRound(options: MaintenanceOptions, signal: AbortSignal, previous: Status): Promise<Status> {
  const status = (await options.lock.hold(signal)) ? 'active' : 'standby'
  if (status !== previous) options.log.info({}, MESSAGES[status])
  if (status === 'active') await runTasks(options, signal)
  return status
}

async function runTasks(options: MaintenanceOptions, signal: AbortSignal): Promise<void> {
  const { tasks, ledger, lock, intervalSeconds, log } = options
  for (const task of tasks) {
    if (signal.aborted) return
    try {
      if ((await task.isDue?.(ledger)) ?? true) logRun(log, await runTask(task, ledger, { signal, intervalSeconds }))
    } catch (error) {
      // If the process still holds the lock, the database is available. If it can also write, the
      // task itself has failed.
      if (signal.aborted || isReadOnlyError(error) || !(await lock.isHeld(signal))) throw error
      log.error({ ...failureFields(error), task: task.name }, 'maintenance task failed, retrying in the next round')
      await recordFailedRun(ledger.sql, { task: task.name, nextRunSeconds: intervalSeconds, error })
    }
  }
}

function logRun(log: ServiceLog, run: TaskRun): void {
  const { counts, ...fields } = run
  log[isNoteworthy(run) ? 'info' : 'debug']({ ...fields, ...counts }, `maintenance, ${describeRun(run)}`)
}
