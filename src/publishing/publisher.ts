// Publishes every record of the ledger to a sink, in order and at least once. One replica publishes
// at a time and resumes at the checkpoint. While the sink is unavailable, only the lag grows.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { type ForceStop, failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type BatchPublisher, createBatchPublisher, type StartFrom } from './batchPublisher.ts'
import { ConsumerFailures } from './consumerFailures.ts'
import type { EventSink } from './eventSink.ts'
import { LagReport } from './lagReport.ts'

export interface PublisherOptions {
  readonly ledger: Ledger
  readonly sink: EventSink
  /** The lock of the sink: its holder publishes. */
  readonly lock: AdvisoryLock
  /** Where a new sink starts. */
  readonly startFrom: StartFrom
  /** Milliseconds between two polls of the ledger. */
  readonly pollMs: number
  /** Milliseconds that the current batch may take during shutdown. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** Minimum time between two checks of the lock. */
const LOCK_TTL_MS = 1000
/** Approximate time between two attempts to get the lock. */
const STANDBY_MS = 1000
/** Delay after a failure; doubles with each consecutive one. */
const RETRY_MS = { first: 200, max: 5000 }

export function runPublisher(options: PublisherOptions): Service {
  const { sink, lock } = options
  return startService({
    ...options,
    run: (stopping, forceStop) => new Run(options, stopping, forceStop).untilStopped(),
    async close() {
      await sink.close()
      await lock.release()
    },
  })
}

class Run {
  private readonly options: PublisherOptions
  private readonly batches: BatchPublisher
  private readonly lag: LagReport
  private readonly stored: ConsumerFailures
  private readonly stopping: AbortSignal
  private readonly forceStop: ForceStop
  private holdsLock = false
  private lockCheckedAt = Number.NEGATIVE_INFINITY
  private failures = 0

  constructor(options: PublisherOptions, stopping: AbortSignal, forceStop: ForceStop) {
    this.options = options
    this.batches = createBatchPublisher(options.ledger, options.sink, options.startFrom)
    this.lag = new LagReport(options.ledger, options.sink.name, options.log)
    this.stored = new ConsumerFailures(options.ledger, options.sink.name)
    this.stopping = stopping
    this.forceStop = forceStop
  }

  async untilStopped(): Promise<void> {
    while (!this.stopping.aborted) {
      const ms = await this.forceStop.run(() => this.step()).catch((error: unknown) => this.afterFailure(error))
      if (this.holdsLock || this.failures > 0) await this.forceStop.run(() => this.lag.reportIfDue())
      await sleep(ms, undefined, { ref: false, signal: this.stopping }).catch(() => undefined)
    }
  }

  /**
   * Publishes one batch if it holds the lock. Resolves to the delay before the next step, in
   * milliseconds.
   */
  private async step(): Promise<number> {
    // A process that takes over the lock in the meantime publishes the same events again at worst.
    if (performance.now() - this.lockCheckedAt > LOCK_TTL_MS) this.holdsLock = await this.checkLock()
    if (!this.holdsLock) return STANDBY_MS * (0.5 + Math.random())
    const { count, refused } = await this.untilForceStop(this.batches.next())
    for (const { event, reason } of refused) {
      const facts = { consumer: this.options.sink.name, jobId: event.jobId, sequence: event.sequence, reason }
      this.options.log.error(facts, 'set aside a refused record')
    }
    this.noteSuccess()
    await this.stored.succeeded()
    return count > 0 ? 0 : this.options.pollMs
  }

  private async checkLock(): Promise<boolean> {
    const holdsLock = await this.options.lock.hold(this.stopping)
    this.lockCheckedAt = performance.now()
    if (holdsLock && !this.holdsLock) {
      // The previous holder may have moved the checkpoint.
      this.batches.reset()
      this.options.log.info({ consumer: this.options.sink.name }, 'acquired publisher lock')
    }
    return holdsLock
  }

  private async afterFailure(error: unknown): Promise<number> {
    const { sink, log } = this.options
    this.lockCheckedAt = Number.NEGATIVE_INFINITY
    this.batches.reset()
    this.failures += 1
    if (!this.stopping.aborted) {
      log[this.failures === 1 ? 'warn' : 'debug'](
        { ...failureFields(error), consumer: sink.name },
        'publishing failed; retrying',
      )
      if (this.holdsLock) await this.stored.failed(error)
    }
    return Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** (this.failures - 1)) * (0.5 + Math.random() / 2)
  }

  /** Also without events: after a failure to publish, the same batch would have come again. */
  private noteSuccess(): void {
    if (this.failures === 0) return
    this.failures = 0
    this.options.log.info({ consumer: this.options.sink.name }, 'publishing resumed')
  }

  /** An unresponsive sink must not delay shutdown. */
  private untilForceStop<T>(work: Promise<T>): Promise<T> {
    const { signal: forceStop } = this.forceStop
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(forceStop.reason)
      forceStop.addEventListener('abort', onAbort, { once: true })
      work.then(resolve, reject).finally(() => forceStop.removeEventListener('abort', onAbort))
    })
  }
}
