// The chores of the server without a server: once, for cron, or until a signal, for those who run them apart from what serves.
import { type Config, readConfig } from '../config.ts'
import { type AdvisoryLock, openAdvisoryLock } from '../database/advisoryLock.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { requireIntactSchema } from '../database/schemaDrift.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createLogger } from '../log.ts'
import { CLEANUP_TASK } from '../maintenance/cleanupJobs.ts'
import { describeRun, runTask } from '../maintenance/maintenanceTask.ts'
import { maintenanceTasks } from '../maintenance/maintenanceTasks.ts'
import { MAINTENANCE_LOCK, runMaintenance } from '../maintenance/runMaintenance.ts'
import { nextSignal } from './nextSignal.ts'
import { retryMessage } from './retryMessage.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface MaintainOptions {
  /** Every task once, up to its bounds; otherwise until a signal comes. */
  readonly once: boolean
}

/** A task that fails does not keep the others from running; with `once` the exit code is 1 then. */
export async function maintain({ once }: MaintainOptions): Promise<void> {
  const config = readConfig()
  // Before anything is started: a signal that comes meanwhile must not leave a database server behind.
  const signal = nextSignal()
  const work = async ({ ledger, database, url }: CommandLedger): Promise<void> => {
    await realignTransactionIds(database.pool)
    const lock = openAdvisoryLock(MAINTENANCE_LOCK, { ...config.database, url })
    const services = { config, ledger, lock, signal }
    await (once ? maintainOnce(services) : maintainUntilSignal(services)).finally(() => lock.release())
  }
  await withLedger(config, work, { checkSchema: requireIntactSchema })
}

interface Services {
  readonly config: Config
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  readonly signal: Promise<NodeJS.Signals>
}

async function maintainOnce({ config, ledger, lock, signal }: Services): Promise<void> {
  if (!(await lock.hold())) {
    console.log('Another process does the maintenance of this database: there is nothing to do here.')
    return
  }
  const stopping = new AbortController()
  void signal.then(() => stopping.abort())
  for (const task of maintenanceTasks(config.maintenance)) {
    if (stopping.signal.aborted) break
    try {
      console.log(describeRun(await runTask(task, ledger, { signal: stopping.signal })))
    } catch (error) {
      process.exitCode = 1
      const message = error instanceof RetryableError ? retryMessage(error) : (error as Error).message
      console.error(`${task.name} failed: ${message.replaceAll(/\s+/g, ' ').trim()}`)
    }
  }
  if (config.maintenance.retentionDays === undefined) console.log(`${CLEANUP_TASK}: off (RETENTION_DAYS is not set)`)
}

/** Where the servers leave the maintenance to this command, their interval of 0 is not ours. */
const USUAL_INTERVAL_SECONDS = 5

async function maintainUntilSignal({ config, ledger, lock, signal }: Services): Promise<void> {
  const log = createLogger({
    level: config.logLevel,
    readable: config.environment !== 'production' && process.stdout.isTTY,
  })
  const maintenance = runMaintenance({
    ledger,
    tasks: maintenanceTasks(config.maintenance),
    lock,
    intervalSeconds: config.maintenance.intervalSeconds || USUAL_INTERVAL_SECONDS,
    shutdownTimeoutMs: config.shutdownTimeoutMs,
    log,
  })
  // Nothing else keeps the process alive.
  const living = setInterval(() => undefined, 2 ** 30)
  log.info(`${await signal}: letting the running portion end`)
  clearInterval(living)
  await maintenance.stop()
}
