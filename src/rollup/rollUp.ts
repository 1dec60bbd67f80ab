// Keeps the roll-up: portion after portion of the ledger is added to its sums, in one replica at a time. Where nobody does, the numbers
// stay exact and take longer.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { type Service, type ServiceLog, startService } from '../database/service.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ROLL_UP, rollUp } from '../ledger/rollUp.ts'
import { LagReport } from '../publishing/lagReport.ts'

export interface RollUpOptions {
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  /** From the end of the ledger to the next look, give or take a fifth by chance. */
  readonly intervalSeconds: number
  /** A portion that runs when the roll-up is stopped has so long to end; then it is cancelled, and nothing of it remains. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that whoever keeps the roll-up has. */
export const ROLL_UP_LOCK = 'rollup'
/** Records of a portion: about a second's work at most. Where a statement timeout is too short for it, half as many, down to `LEAST`, to the end of the ledger. */
export const PORTION = 20_000
const MIN = 100
const QUERY_CANCELED = '57014'

const JITTER = 0.2
/** The longest wait after a failure, twice as long after each that follows. */
const MAX_RETRY_SECONDS = 30

/** Begins at once. Does not keep the process alive. */
export function runRollUp(options: RollUpOptions): Service {
  return startService({
    ...options,
    run: (stopping) => untilStopped(options, stopping),
    close: () => options.lock.release(),
  })
}

async function untilStopped({ ledger, lock, intervalSeconds, log }: RollUpOptions, signal: AbortSignal): Promise<void> {
  const lag = new LagReport(ledger, ROLL_UP, log)
  let failures = 0
  let portion = PORTION
  let wasOurs = false

  /** Resolves to whether there is more to do. */
  async function step(): Promise<boolean> {
    const isOurs = await lock.hold(signal)
    if (isOurs && !wasOurs) log.info({ consumer: ROLL_UP }, 'this process keeps the roll-up')
    wasOurs = isOurs
    const isFull = isOurs && (await rollUp(ledger, portion)) === portion
    if (failures > 0) log.info({ consumer: ROLL_UP }, 'the roll-up goes on')
    failures = 0
    if (!isFull) portion = PORTION
    return isFull
  }

  function tell(error: unknown): boolean {
    failures += 1
    if (sqlStateOf(error) === QUERY_CANCELED) portion = Math.max(MIN, Math.floor(portion / 2))
    // A warning for each outage, not for each try.
    if (!signal.aborted) log[failures === 1 ? 'warn' : 'debug']({ ...causeOf(error), consumer: ROLL_UP }, STUCK)
    return false
  }

  while (!signal.aborted) {
    const isFull = await step().catch(tell)
    // Also while each portion fails: of that, the log has but one warning.
    if (wasOurs || failures > 0) await lag.reportIfDue()
    if (isFull) continue
    const seconds = Math.min(Math.max(intervalSeconds, MAX_RETRY_SECONDS), intervalSeconds * 2 ** failures)
    const ms = 1000 * seconds * (1 - JITTER + 2 * JITTER * Math.random())
    await sleep(ms, undefined, { ref: false, signal }).catch(() => undefined)
  }
}

/** A database that is read-only or restarts is no fault of the code: its reason is enough, without a stack. */
function causeOf(error: unknown): object {
  return error instanceof DatabaseUnavailableError ? { reason: error.message } : { err: error }
}

const STUCK = 'the roll-up cannot go on just now, counts take longer; trying again'
