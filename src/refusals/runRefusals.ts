// The service that stores refusals, in batches.
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { type ForceStop, failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { storeRefusals } from '../ledger/refusals.ts'
import type { DroppedReport } from './droppedReport.ts'
import type { QueuedRefusal, RefusalQueue } from './refusalQueue.ts'

export interface RefusalServiceOptions {
  readonly ledger: Ledger
  readonly queue: RefusalQueue
  /** On shutdown a running statement is cancelled after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
  readonly dropped: DroppedReport
}

/** Refusals per statement. */
const BATCH = 500
const INTERVAL_MS = 250
/** Maximum wait while the database is unavailable. The wait doubles with each failure. */
const MAX_RETRY_MS = 30_000

/** On shutdown, stores what is queued. Does not keep the process alive. */
export function runRefusals(options: RefusalServiceOptions): Service {
  return startService({
    ...options,
    run: (stopping, forceStop) => new RefusalWriter(options, forceStop).untilStopped(stopping),
    close: () => Promise.resolve(),
  })
}

class RefusalWriter {
  private readonly options: RefusalServiceOptions
  private readonly forceStop: ForceStop
  /** The batch that is stored next. */
  private batch: QueuedRefusal[] = []
  private failures = 0

  constructor(options: RefusalServiceOptions, forceStop: ForceStop) {
    this.options = options
    this.forceStop = forceStop
  }

  async untilStopped(stopping: AbortSignal): Promise<void> {
    const { queue, dropped } = this.options
    while (!stopping.aborted) {
      const ms = Math.min(MAX_RETRY_MS, INTERVAL_MS * 2 ** this.failures)
      await sleep(ms, undefined, { ref: false, signal: stopping }).catch(() => undefined)
      await this.storeQueued()
      dropped.writeIfDue()
    }
    await this.storeQueued()
    dropped.add(this.batch.length + queue.length)
    dropped.write()
  }

  /** Stops early if the database is unavailable. Never rejects. */
  private async storeQueued(): Promise<void> {
    const { queue } = this.options
    do {
      if (this.batch.length === 0) this.batch = queue.take(BATCH)
    } while (this.batch.length > 0 && !this.forceStop.signal.aborted && (await this.storeBatch()))
  }

  /** Resolves to whether the database is available. */
  private async storeBatch(): Promise<boolean> {
    const { ledger, log, dropped } = this.options
    const now = performance.now()
    const refusals = this.batch.map(({ refusal, addedAt, times }) => ({ ...refusal, times, ageMs: now - addedAt }))
    try {
      await this.forceStop.run(() => storeRefusals(ledger, refusals))
      this.failures = 0
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) {
        // Warns once per outage, not on every attempt.
        log[this.failures === 0 ? 'warn' : 'debug'](failureFields(error), 'refused attempts not stored yet, retrying')
        this.failures += 1
        return false
      }
      dropped.add(refusals.length, failureFields(error))
    }
    this.batch = []
    return true
  }
}
