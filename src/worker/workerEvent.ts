// What happens in a worker, for whoever keeps a log of it.
import type { ClaimedJob } from './claimedJob.ts'

export type WorkerEvent =
  | { readonly type: 'claimed'; readonly job: ClaimedJob }
  | { readonly type: 'completed'; readonly job: ClaimedJob; readonly processingTimeMs: number }
  /** `error` is what the handler threw, or what was wrong with its output. The server retries the job if attempts are left. */
  | { readonly type: 'failed'; readonly job: ClaimedJob; readonly processingTimeMs: number; readonly error: unknown }
  | { readonly type: 'cancelled'; readonly job: ClaimedJob }
  | { readonly type: 'released'; readonly job: ClaimedJob }
  /** How the job ended here was not recorded: it was taken away, or the server could not be told. */
  | { readonly type: 'lost'; readonly job: ClaimedJob; readonly reason: string }
  /** The server does not answer, or cannot; the worker goes on asking. */
  | { readonly type: 'serverAway'; readonly error: Error }
  | { readonly type: 'serverBack'; readonly awayMs: number }
  /** `error` is what no retry mends, where that is the reason; `runWorker` rejects with it in the end. */
  | {
      readonly type: 'stopping'
      readonly reason: string
      readonly runningJobs: number
      readonly error?: unknown
    }

export type Emit = (event: WorkerEvent) => void

/** Hands events to `listener`. What that throws is a warning of the process, and no matter of the worker. */
export function emitterOf(listener: ((event: WorkerEvent) => void) | undefined): Emit {
  return (event) => {
    try {
      listener?.(event)
    } catch (error) {
      process.emitWarning(`onEvent threw at the event "${event.type}": ${String(error)}`, 'JobledgerWorkerWarning')
    }
  }
}
