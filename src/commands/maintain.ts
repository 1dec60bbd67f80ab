// `jobledger maintain`: runs the maintenance tasks without a server, once for cron or until a
// signal.
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
import { recordFailedRun } from '../maintenance/runRecord.ts'
import { nextSignal } from './nextSignal.ts'
import { retryMessage } from './retryMessage.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface MaintainOptions {
  /** Runs every task once, within its limits; otherwise runs until a signal. */
  readonly once: boolean
}

/** A failed task does not prevent the others; with `once` it sets exit code 1. */
export async function maintain({ once }: MaintainOptions): Promise<void> {
  const config = readConfig()
  // Before anything starts: a signal in the meantime must not leave a database server behind.
  const signal = nextSignal()
  const work = async ({ ledger, database, url }: CommandLedger): Promise<void> => {
    await realignTransactionIds(database.pool)
    const lock = openAdvisoryLock(MAINTENANCE_LOCK, { ...config.database, url })
    const context = { config, ledger, lock, signal }
    await (once ? maintainOnce(context) : maintainUntilSignal(context)).finally(() => lock.release())
  }
  await withLedger(config, work, { checkSchema: requireIntactSchema })
}

interface MaintainContext {
  readonly config: Config
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  readonly signal: Promise<NodeJS.Signals>
}

async function maintainOnce({ config, ledger, lock, signal }: MaintainContext): Promise<void> {
  if (!(await lock.hold())) {
    console.log('Another process maintains this database: nothing to do.')
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
      await recordFailedRun(ledger.sql, { task: task.name, nextRunSeconds: undefined, error })
    }
  }
  if (config.maintenance.retentionDays === undefined) console.log(`${CLEANUP_TASK}: off (RETENTION_DAYS is not set)`)
}

/** The interval if servers have 0, which leaves maintenance to this command. */
const DEFAULT_INTERVAL_SECONDS = 5

async function maintainUntilSignal({ config, ledger, lock, signal }: MaintainContext): Promise<void> {
  const log = createLogger({
    level: config.logLevel,
    readable: config.environment !== 'production' && process.stdout.isTTY,
  })
  const maintenance = runMaintenance({
    ledger,
    tasks: maintenanceTasks(config.maintenance),
    lock,
    intervalSeconds: config.maintenance.intervalSeconds || DEFAULT_INTERVAL_SECONDS,
    shutdownTimeoutMs: config.shutdownTimeoutMs,
    log,
  })
  // Nothing else keeps the process alive.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  log.info(`${await signal}: finishing the current batch`)
  clearInterval(keepAlive)
  await maintenance.stop()
}
