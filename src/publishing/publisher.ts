// Hands every record of the ledger on to a sink, in order, each at least once: in one replica at a time, from where the last one stopped. A
// sink that is away makes the lag grow and nothing else.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { type Service, type ServiceLog, startService } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type BatchPublisher, createBatchPublisher, type StartFrom } from './batchPublisher.ts'
import type { EventSink } from './eventSink.ts'
import { LagReport } from './lagReport.ts'

export interface PublisherOptions {
  readonly ledger: Ledger
  readonly sink: EventSink
  /** Of the sink: one replica has it. */
  readonly lock: AdvisoryLock
  /** Where a sink begins that was never handed anything. */
  readonly startFrom: StartFrom
  /** From one look at the ledger to the next. */
  readonly pollMs: number
  /** What runs when the publisher is stopped has so long to end. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The lock is looked at so often at most. */
const LOCK_TTL_MS = 1000
/** From one try for the lock to the next, give or take a half by chance. */
const STANDBY_MS = 1000
/** After a failure, twice as long after each that follows. */
const RETRY_MS = { first: 200, longest: 5000 }

export function runPublisher(options: PublisherOptions): Service {
  const { sink, lock } = options
  return startService({
    ...options,
    run: (stopping, givingUp) => new Run(options, stopping, givingUp).untilStopped(),
    async close() {
      await sink.close()
      await lock.release()
    },
  })
}

class Run {
  private readonly options: PublisherOptions
  private readonly handover: BatchPublisher
  private readonly lag: LagReport
  private readonly stopping: AbortSignal
  private readonly givingUp: AbortSignal
  private isOurs = false
  private lockSeenAt = Number.NEGATIVE_INFINITY
  private failures = 0

  constructor(options: PublisherOptions, stopping: AbortSignal, givingUp: AbortSignal) {
    this.options = options
    this.handover = createBatchPublisher(options.ledger, options.sink, options.startFrom)
    this.lag = new LagReport(options.ledger, options.sink.name, options.log)
    this.stopping = stopping
    this.givingUp = givingUp
  }

  async untilStopped(): Promise<void> {
    while (!this.stopping.aborted) {
      const ms = await this.step().catch((error: unknown) => this.afterFailure(error))
      if (this.isOurs || this.failures > 0) await this.lag.reportIfDue()
      await sleep(ms, undefined, { ref: false, signal: this.stopping }).catch(() => undefined)
    }
  }

  /** One batch, if there is one and it is ours to hand over. Resolves to how long to wait, in milliseconds. */
  private async step(): Promise<number> {
    // Whoever has taken the lock over meanwhile hands on the same, at worst twice.
    if (performance.now() - this.lockSeenAt > LOCK_TTL_MS) this.isOurs = await this.lookAtLock()
    if (!this.isOurs) return STANDBY_MS * (0.5 + Math.random())
    const { count, refused } = await this.untilGivenUp(this.handover.next())
    for (const { event, reason } of refused) {
      const facts = { consumer: this.options.sink.name, jobId: event.jobId, sequence: event.sequence, reason }
      this.options.log.error(facts, 'set aside a record that the sink refuses')
    }
    this.noteSuccess(count)
    return count > 0 ? 0 : this.options.pollMs
  }

  private async lookAtLock(): Promise<boolean> {
    const isOurs = await this.options.lock.hold(this.stopping)
    this.lockSeenAt = performance.now()
    if (isOurs && !this.isOurs) {
      // Where the one before has stopped is read anew.
      this.handover.reset()
      this.options.log.info({ consumer: this.options.sink.name }, 'this process hands the ledger on')
    }
    return isOurs
  }

  private afterFailure(error: unknown): number {
    const { sink, log } = this.options
    this.lockSeenAt = Number.NEGATIVE_INFINITY
    this.handover.reset()
    this.failures += 1
    if (!this.stopping.aborted) {
      log[this.failures === 1 ? 'warn' : 'debug'](
        { err: error, consumer: sink.name },
        'the ledger cannot be handed on just now; trying again',
      )
    }
    return Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (this.failures - 1)) * (0.5 + Math.random() / 2)
  }

  private noteSuccess(count: number): void {
    if (this.failures === 0 || count === 0) return
    this.failures = 0
    this.options.log.info({ consumer: this.options.sink.name }, 'the ledger is handed on again')
  }

  /** A sink that does not answer holds nobody up who wants to end. */
  private untilGivenUp<T>(work: Promise<T>): Promise<T> {
    const { givingUp } = this
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(givingUp.reason)
      givingUp.addEventListener('abort', onAbort, { once: true })
      work.then(resolve, reject).finally(() => givingUp.removeEventListener('abort', onAbort))
    })
  }
}
