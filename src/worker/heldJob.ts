// A job that this worker holds, by a lease that ends unless it is extended. Tells its handler to stop; makes no requests.
import { randomUUID } from 'node:crypto'
import type { ClaimedJob } from './claimedJob.ts'
import { JobCancelledError, LeaseLostError, WorkerStoppedError } from './stopReasons.ts'

export class HeldJob {
  readonly job: ClaimedJob
  /** Marks the record of the end of this attempt, so that it is recognised. */
  readonly outcomeId = randomUUID()
  /** The lease is gone, or may be: nothing is said about the job any more. */
  isLost = false
  /** The handler is done, and its end is being recorded. */
  isEnding = false
  private readonly controller = new AbortController()
  private leaseEndsAt = Number.NEGATIVE_INFINITY
  private leaseTimer: NodeJS.Timeout | undefined

  /** `leaseEndsAt` is by the monotonic clock (`performance.now()`), and counted from before the request: never too late. */
  constructor(job: ClaimedJob, leaseEndsAt: number) {
    this.job = job
    this.extendTo(leaseEndsAt)
  }

  /** What the handler is given. */
  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Of several answers, in whatever order they come, the one that lasts longest counts. */
  extendTo(leaseEndsAt: number): void {
    if (this.isLost || this.isEnding || leaseEndsAt <= this.leaseEndsAt) return
    this.leaseEndsAt = leaseEndsAt
    clearTimeout(this.leaseTimer)
    this.leaseTimer = setTimeout(
      () => this.lose('the lease could not be extended in time'),
      Math.max(0, leaseEndsAt - performance.now()),
    )
  }

  /** The handler is done. From now on the server decides by the version alone whether this worker still had the job. */
  beginReport(): void {
    this.isEnding = true
    clearTimeout(this.leaseTimer)
  }

  lose(why: string): void {
    if (this.isEnding || this.isLost) return
    this.isLost = true
    clearTimeout(this.leaseTimer)
    this.abort(new LeaseLostError(`Job ${this.job.jobId} is not held any more: ${why}.`))
  }

  cancel(): void {
    this.abort(new JobCancelledError(`Job ${this.job.jobId} was asked to be cancelled.`))
  }

  stop(): void {
    this.abort(new WorkerStoppedError('The worker is being stopped.'))
  }

  // The first reason stays: the controller sees to that.
  private abort(reason: Error): void {
    if (!this.isEnding) this.controller.abort(reason)
  }
}

export type JobVersion = Pick<ClaimedJob, 'id' | 'version'>

/** A job may be held twice for a while: lost, and claimed again while its first handler is still stopping. */
export function leaseKey({ id, version }: JobVersion): string {
  return `${id} ${version}`
}
