// A job that this worker holds by a lease. Signals its handler to stop; sends no requests.
import { randomUUID } from 'node:crypto'
import type { ClaimedJob } from './claimedJob.ts'
import { JobCancelledError, LeaseLostError, WorkerStoppedError } from './stopReasons.ts'

export class HeldJob {
  readonly job: ClaimedJob
  /** Identifies the record of this attempt's outcome. */
  readonly outcomeId = randomUUID()
  /** The lease is lost, or may be: nothing more is reported about the job. */
  isLost = false
  /** The handler has ended, and its outcome is being recorded. */
  isEnding = false
  private readonly controller = new AbortController()
  private leaseEndsAt = Number.NEGATIVE_INFINITY
  private leaseTimer: NodeJS.Timeout | undefined

  /**
   * `leaseEndsAt` is on the monotonic clock (`performance.now()`), measured from before the
   * request: never too late.
   */
  constructor(job: ClaimedJob, leaseEndsAt: number) {
    this.job = job
    this.extendTo(leaseEndsAt)
  }

  /** Passed to the handler. */
  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Responses may arrive in any order: the latest end wins. */
  extendTo(leaseEndsAt: number): void {
    if (this.isLost || this.isEnding || leaseEndsAt <= this.leaseEndsAt) return
    this.leaseEndsAt = leaseEndsAt
    clearTimeout(this.leaseTimer)
    this.leaseTimer = setTimeout(
      () => this.lose('the lease could not be extended in time'),
      Math.max(0, leaseEndsAt - performance.now()),
    )
  }

  /**
   * The handler has ended. From now on the version alone decides whether this worker still holds
   * the job.
   */
  beginReport(): void {
    this.isEnding = true
    clearTimeout(this.leaseTimer)
  }

  lose(why: string): void {
    if (this.isEnding || this.isLost) return
    this.isLost = true
    clearTimeout(this.leaseTimer)
    this.abort(new LeaseLostError(`Job ${this.job.jobId} is no longer held: ${why}.`))
  }

  cancel(): void {
    this.abort(new JobCancelledError(`Job ${this.job.jobId} was requested to be cancelled.`))
  }

  stop(): void {
    this.abort(new WorkerStoppedError('The worker is stopping.'))
  }

  // Only the first call has an effect.
  private abort(reason: Error): void {
    if (!this.isEnding) this.controller.abort(reason)
  }
}

export type JobVersion = Pick<ClaimedJob, 'id' | 'version'>

/**
 * A job may be held twice for a while: lost, and claimed again while its first handler still stops.
 */
export function leaseKey({ id, version }: JobVersion): string {
  return `${id} ${version}`
}
