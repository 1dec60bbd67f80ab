// The service that runs bulk actions: one batch after another, in one replica at a time. The lock
// only prevents useless work; runBulkBatch.ts is correct without it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { type ForceStop, failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { failBulkAction, type RunningBulkAction, runBulkBatch, runningBulkActions } from '../ledger/runBulkBatch.ts'

export interface BulkActionOptions {
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  /** Time between two looks for actions, with a random jitter of 20 %. */
  readonly intervalSeconds: number
  /** Maximum number of jobs per batch. */
  readonly batchJobs: number
  /** On shutdown a running batch is cancelled and rolled back after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that the active process holds. */
export const BULK_LOCK = 'bulk'

const JITTER = 0.2
/** Minimum pause after a batch. */
const MIN_PAUSE_MS = 10
/** Maximum wait after a failure. The wait doubles with each failure. */
const MAX_RETRY_SECONDS = 30
/** Failures of batches of one job in a row, after which an action ends as FAILED. */
const MAX_FAILURES = 5

/** Starts immediately. Does not keep the process alive. */
export function runBulkActions(options: BulkActionOptions): Service {
  return startService({
    ...options,
    run: (stopping, forceStop) => new BulkRunner(options, stopping).untilStopped(forceStop),
    close: () => options.lock.release(),
  })
}

/** How often the batches of an action were refused in a row. */
interface Refused {
  readonly size: number
  readonly failures: number
}

class BulkRunner {
  private readonly options: BulkActionOptions
  private readonly signal: AbortSignal
  private readonly refused = new Map<string, Refused>()
  private outages = 0
  private isActive = false

  constructor(options: BulkActionOptions, signal: AbortSignal) {
    this.options = options
    this.signal = signal
  }

  async untilStopped(forceStop: ForceStop): Promise<void> {
    const { intervalSeconds } = this.options
    while (!this.signal.aborted) {
      const hasMore = await forceStop.run(() => this.runRound()).catch((error: unknown) => this.outage(error))
      if (hasMore) continue
      const seconds = Math.min(Math.max(intervalSeconds, MAX_RETRY_SECONDS), intervalSeconds * 2 ** this.outages)
      await this.pause(1000 * seconds * (1 - JITTER + 2 * JITTER * Math.random()))
    }
  }

  /** Runs one batch of each actor. Resolves to whether there was work. */
  private async runRound(): Promise<boolean> {
    const { lock, ledger, log } = this.options
    const isActive = await lock.hold(this.signal)
    if (isActive && !this.isActive) log.info({}, 'acquired bulk action lock')
    this.isActive = isActive
    if (!isActive) return false
    const actions = await runningBulkActions(ledger)
    if (this.outages > 0) log.info({}, 'bulk actions resumed')
    this.outages = 0
    for (const action of actions) {
      if (this.signal.aborted) return false
      const startedAt = performance.now()
      await this.runBatch(action)
      // Others have the database for at least as long as the batch took.
      await this.pause(Math.max(MIN_PAUSE_MS, performance.now() - startedAt))
    }
    return actions.length > 0
  }

  private async runBatch(action: RunningBulkAction): Promise<void> {
    const { ledger, log, batchJobs } = this.options
    const size = this.refused.get(action.id)?.size ?? batchJobs
    try {
      const batch = await runBulkBatch(ledger, action, size)
      this.refused.delete(action.id)
      if (batch?.isLast) log.info(identify(action), 'bulk action completed')
    } catch (error) {
      if (isOutage(error) || this.signal.aborted) throw error
      await this.refuse(action, size, error)
    }
  }

  /** Tries smaller batches. Ends the action if a batch of one job fails repeatedly. */
  private async refuse(action: RunningBulkAction, size: number, error: unknown): Promise<void> {
    const { ledger, log } = this.options
    const failures = size === 1 ? (this.refused.get(action.id)?.failures ?? 0) + 1 : 0
    const facts = { ...failureFields(error), ...identify(action), jobs: size }
    if (failures < MAX_FAILURES) {
      this.refused.set(action.id, { size: Math.max(1, Math.floor(size / 2)), failures })
      log.warn(facts, 'batch of a bulk action failed, retrying')
      return
    }
    this.refused.delete(action.id)
    log.error(facts, 'bulk action failed')
    await failBulkAction(ledger, action.id, messageOf(error))
  }

  private outage(error: unknown): boolean {
    // Warns once per outage, not on every attempt.
    if (!this.signal.aborted)
      this.options.log[this.outages === 0 ? 'warn' : 'debug'](failureFields(error), 'bulk actions paused, retrying')
    this.outages += 1
    return false
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.signal }).catch(() => undefined)
  }
}

function identify({ id, action, actor }: RunningBulkAction): object {
  return { bulkActionId: id, action, actor }
}

/** Conflicts that recur, and a lack of resources, such as disk space. */
const OUTAGE_STATES = /^(?:40|53)/

/** Whether the error says nothing about the jobs of the batch. */
function isOutage(error: unknown): boolean {
  const state = sqlStateOf(error)
  return error instanceof RetryableError || state === undefined || OUTAGE_STATES.test(state)
}

/** Only errors of the guards are written for clients. */
function messageOf(error: unknown): string {
  const state = sqlStateOf(error) ?? ''
  const reason = state.startsWith('JL')
    ? (error as Error).message
    : `SQLSTATE ${state}; the log of the server has more.`
  return `The database refused a batch of one job ${MAX_FAILURES} times: ${reason}`
}
