// Events of a worker, for its log.
import type { ClaimedJob } from './claimedJob.ts'

export type WorkerEvent =
  | { readonly type: 'claimed'; readonly job: ClaimedJob }
  | { readonly type: 'completed'; readonly job: ClaimedJob; readonly processingTimeMs: number }
  /**
   * `error` is what the handler threw, or what was wrong with its output. The server retries the
   * job if attempts remain.
   */
  | { readonly type: 'failed'; readonly job: ClaimedJob; readonly processingTimeMs: number; readonly error: unknown }
  | { readonly type: 'cancelled'; readonly job: ClaimedJob }
  | { readonly type: 'released'; readonly job: ClaimedJob }
  /** The outcome was not recorded: the lease was lost, or the server did not respond. */
  | { readonly type: 'lost'; readonly job: ClaimedJob; readonly reason: string }
  /** The server does not respond, or cannot process requests; the worker keeps retrying. */
  | { readonly type: 'serverUnavailable'; readonly error: Error }
  | { readonly type: 'serverRecovered'; readonly unavailableMs: number }
  /**
   * `error` is set if the worker stops because of an error that no retry fixes; `runWorker` then
   * rejects with it.
   */
  | {
      readonly type: 'stopping'
      readonly reason: string
      readonly runningJobs: number
      readonly error?: unknown
    }

export type Emit = (event: WorkerEvent) => void

/** Passes events to `listener`. Its errors become process warnings and do not affect the worker. */
export function emitterOf(listener: ((event: WorkerEvent) => void) | undefined): Emit {
  return (event) => {
    try {
      listener?.(event)
    } catch (error) {
      process.emitWarning(`onEvent threw for event "${event.type}": ${String(error)}`, 'JobledgerWorkerWarning')
    }
  }
}
