// The roll-up service: adds the records to the sums of the roll-up, batch by batch, in one replica
// at a time. If no replica does, counts stay exact but take longer.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { type ForceStop, failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ROLL_UP, rollUp } from '../ledger/rollUp.ts'
import { ConsumerFailures } from '../publishing/consumerFailures.ts'
import { LagReport } from '../publishing/lagReport.ts'

export interface RollUpOptions {
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  /** Time between two polls at the end of the ledger, with a random jitter of 20 %. */
  readonly intervalSeconds: number
  /** On shutdown a running batch is cancelled and rolled back after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that the active process holds. */
export const ROLL_UP_LOCK = 'rollup'
/**
 * Records per batch: at most about a second of work. Halved after each statement timeout, down to
 * `MIN_BATCH`, until the end of the ledger.
 */
export const BATCH = 20_000
const MIN_BATCH = 100
const QUERY_CANCELED = '57014'

const JITTER = 0.2
/** Maximum wait after a failure. The wait doubles with each failure. */
const MAX_RETRY_SECONDS = 30

/** Starts immediately. Does not keep the process alive. */
export function runRollUp(options: RollUpOptions): Service {
  return startService({
    ...options,
    run: (stopping, forceStop) => untilStopped(options, stopping, forceStop),
    close: () => options.lock.release(),
  })
}

async function untilStopped(
  { ledger, lock, intervalSeconds, log }: RollUpOptions,
  signal: AbortSignal,
  forceStop: ForceStop,
): Promise<void> {
  const lag = new LagReport(ledger, ROLL_UP, log)
  const stored = new ConsumerFailures(ledger, ROLL_UP)
  let failures = 0
  let batch = BATCH
  let isActive = false

  /** Resolves to whether there is more to do. */
  async function addBatch(): Promise<boolean> {
    const hasLock = await lock.hold(signal)
    if (hasLock && !isActive) log.info({ consumer: ROLL_UP }, 'acquired roll-up lock')
    isActive = hasLock
    const isFull = hasLock && (await rollUp(ledger, batch)) === batch
    if (failures > 0) log.info({ consumer: ROLL_UP }, 'roll-up resumed')
    failures = 0
    if (isActive) await stored.succeeded()
    if (!isFull) batch = BATCH
    return isFull
  }

  async function handleFailure(error: unknown): Promise<boolean> {
    failures += 1
    if (sqlStateOf(error) === QUERY_CANCELED) batch = Math.max(MIN_BATCH, Math.floor(batch / 2))
    if (signal.aborted) return false
    // Warns once per outage, not on every attempt.
    log[failures === 1 ? 'warn' : 'debug']({ ...failureFields(error), consumer: ROLL_UP }, FAILED)
    if (isActive) await stored.failed(error)
    return false
  }

  while (!signal.aborted) {
    const isFull = await forceStop.run(addBatch).catch(handleFailure)
    // Also while every batch fails, because the log then has only one warning about that.
    if (isActive || failures > 0) await forceStop.run(() => lag.reportIfDue())
    if (isFull) continue
    const seconds = Math.min(Math.max(intervalSeconds, MAX_RETRY_SECONDS), intervalSeconds * 2 ** failures)
    const ms = 1000 * seconds * (1 - JITTER + 2 * JITTER * Math.random())
    await sleep(ms, undefined, { ref: false, signal }).catch(() => undefined)
  }
}

const FAILED = 'roll-up failed, counts take longer; retrying'
