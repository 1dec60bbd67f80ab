// The log of a worker: one line for each finished job, and one for each change of the worker's own
// state.
import type { Logger } from 'pino'
import { errorText } from '../../worker/errorText.ts'
import type { ClaimedJob, WorkerEvent } from '../../worker/runWorker.ts'

/** Logs an event. Claims are not logged. */
export function logEvent(log: Logger, event: WorkerEvent): void {
  switch (event.type) {
    case 'claimed':
      return
    case 'completed':
      log.info({ ...factsOf(event.job), processingTimeMs: event.processingTimeMs }, 'job completed')
      return
    case 'failed':
      log.warn(
        { ...factsOf(event.job), processingTimeMs: event.processingTimeMs, error: errorText(event.error) },
        'job failed',
      )
      return
    case 'cancelled':
      log.info(factsOf(event.job), 'job cancelled')
      return
    case 'released':
      log.info(factsOf(event.job), 'job released')
      return
    case 'lost':
      log.warn({ ...factsOf(event.job), reason: event.reason }, 'job lost')
      return
    default:
      logWorker(log, event)
  }
}

function logWorker(log: Logger, event: Extract<WorkerEvent, { type: `server${string}` | 'stopping' }>): void {
  if (event.type === 'serverUnavailable') log.warn({ error: messageOf(event.error) }, 'server is unavailable')
  else if (event.type === 'serverRecovered') log.info({ unavailableMs: event.unavailableMs }, 'server recovered')
  else {
    // The command itself reports the error at the end.
    const reason = event.error === undefined ? event.reason : 'a request was refused'
    log.info({ reason, runningJobs: event.runningJobs }, 'stopping; waiting for running jobs')
  }
}

function factsOf({ jobId, preset, attempt }: ClaimedJob) {
  return { jobId, preset, attempt }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
