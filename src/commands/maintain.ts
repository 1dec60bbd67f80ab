// The chores of the server without a server: once, for cron, or until a signal, for those who run them apart from what serves.
import { type Config, readConfig } from '../config.ts'
import { type AdvisoryLock, openAdvisoryLock } from '../database/advisoryLock.ts'
import { checkDatabase } from '../database/checkDatabase.ts'
import { connectDatabase } from '../database/client.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { requireIntactSchema } from '../database/schemaDrift.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { createLogger } from '../log.ts'
import { CLEANUP_TASK } from '../maintenance/cleanupJobs.ts'
import { describeRun, runTask } from '../maintenance/maintenanceTask.ts'
import { maintenanceTasks } from '../maintenance/maintenanceTasks.ts'
import { MAINTENANCE_LOCK, runMaintenance } from '../maintenance/runMaintenance.ts'
import { nextSignal } from './nextSignal.ts'
import { migrateToLatest, openDatabase } from './openDatabase.ts'
import { retryMessage } from './retryMessage.ts'

export interface MaintainOptions {
  /** Every task once, up to its bounds; otherwise until a signal comes. */
  readonly once: boolean
}

/** A task that fails does not keep the others from running; with `once` the exit code is 1 then. */
export async function maintain({ once }: MaintainOptions): Promise<void> {
  const config = readConfig()
  // Before anything is started: a signal that comes meanwhile must not leave a database server behind.
  const signal = nextSignal()
  const opened = await openDatabase(config, { info: console.error, warn: console.error })
  const onPoolError = (error: Error): void => console.error(`A connection to the database broke: ${error.message}`)
  const database = connectDatabase({ ...config.database, poolMin: 0, poolMax: 1, url: opened.url, onPoolError })
  const lock = openAdvisoryLock(MAINTENANCE_LOCK, { ...config.database, url: opened.url })
  try {
    await checkDatabase(database, opened.url)
    if (opened.embedded) await migrateToLatest(opened)
    await requireIntactSchema(database.pool)
    await realignTransactionIds(database.pool)
    const chores = { config, ledger: openLedger(database, config.limits), lock, signal }
    if (once) await maintainOnce(chores)
    else await maintainUntilSignal(chores)
  } finally {
    await lock.release()
    await database.close().finally(() => opened.stop())
  }
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
