// The log of a worker: one line when a job is over, and one when the worker itself stands differently.
import type { Logger } from 'pino'
import { errorText } from '../../worker/errorText.ts'
import type { ClaimedJob, WorkerEvent } from '../../worker/runWorker.ts'

/** Writes down what happened. That a job was claimed is no line of its own. */
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
      log.info(factsOf(event.job), 'job given back')
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
    // The command reports an error itself, in the end.
    const reason = event.error === undefined ? event.reason : 'a request was refused'
    log.info({ reason, runningJobs: event.runningJobs }, 'stopping: no new jobs; running ones may end')
  }
}

function factsOf({ jobId, preset, attempt }: ClaimedJob) {
  return { jobId, preset, attempt }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
