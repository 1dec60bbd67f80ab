// Runs the handler of one claimed job and reports the outcome.

import { RequestRefusedError } from '../client/requestErrors.ts'
import type { ClaimedJob, JobContext } from './claimedJob.ts'
import { errorText, isTimeout, outputFault } from './errorText.ts'
import type { HeldJob } from './heldJob.ts'
import type { OutcomeReporter, ReportedOutcome } from './outcomeReporter.ts'
import { JobCancelledError, WorkerStoppedError } from './stopReasons.ts'
import type { Emit, WorkerEvent } from './workerEvent.ts'

export interface JobRun {
  handle(job: ClaimedJob, context: JobContext): Promise<unknown>
  /** Extends the lease of the job once. @throws the reason why the job must stop */
  extend(held: HeldJob): Promise<void>
  readonly reporter: OutcomeReporter
  readonly emit: Emit
  /**
   * Aborted when handlers are no longer waited for: jobs are released although their handlers still
   * run.
   */
  readonly handlersAbandoned: AbortSignal
  /** Called when the server refuses the worker rather than the job. */
  onRefusal(error: RequestRefusedError): void
}

/** The largest Int of GraphQL: 24.8 days. */
const MAX_INT = 2_147_483_647

/** Never rejects: events report the outcome. */
export async function runJob(held: HeldJob, run: JobRun): Promise<void> {
  run.emit({ type: 'claimed', job: held.job })
  const startedAt = performance.now()
  const outcome = await outcomeOf(held, run)
  const processingTimeMs = Math.min(MAX_INT, Math.round(performance.now() - startedAt))
  const finished: FinishedJob = { held, run, processingTimeMs }
  run.emit(await reportOutcome(finished, outcome).catch((error: unknown) => lost(finished, error)))
}

type Outcome = { readonly output: unknown } | { readonly error: unknown }

async function outcomeOf(held: HeldJob, { handle, extend, handlersAbandoned }: JobRun): Promise<Outcome> {
  const { signal } = held
  let abandon: (() => void) | undefined
  try {
    // The stop may have been requested while the job was being claimed.
    signal.throwIfAborted()
    const handled = Promise.resolve(handle(held.job, { signal, extend: () => extend(held) }))
    const abandoned = new Promise<never>((_, reject) => {
      abandon = () => reject(signal.reason)
      handlersAbandoned.addEventListener('abort', abandon, { once: true })
    })
    return { output: await Promise.race([handled, abandoned]) }
  } catch (error) {
    return { error }
  } finally {
    if (abandon) handlersAbandoned.removeEventListener('abort', abandon)
  }
}

interface FinishedJob {
  readonly held: HeldJob
  readonly run: JobRun
  readonly processingTimeMs: number
}

async function reportOutcome(finished: FinishedJob, outcome: Outcome): Promise<WorkerEvent> {
  const { held, run } = finished
  const reason: unknown = held.signal.reason
  if (held.isLost) return lost(finished, reason)
  held.beginReport()
  if ('output' in outcome) return complete(finished, outcome.output)
  if (reason instanceof JobCancelledError) return eventOf(finished, await run.reporter.cancel(held))
  if (reason instanceof WorkerStoppedError) return eventOf(finished, await run.reporter.release(held))
  return fail(finished, outcome.error)
}

/** An output that cannot be stored fails the job; otherwise storing it would be retried forever. */
async function complete(finished: FinishedJob, output: unknown): Promise<WorkerEvent> {
  const { held, run, processingTimeMs } = finished
  const fault = outputFault(output)
  if (fault !== undefined) return fail(finished, new TypeError(fault))
  try {
    return eventOf(finished, await run.reporter.complete(held, output, processingTimeMs))
  } catch (error) {
    if (!isAboutInput(error)) throw error
    return fail(finished, new Error(`The server does not accept the output: ${error.detail}`, { cause: error }))
  }
}

async function fail(finished: FinishedJob, error: unknown): Promise<WorkerEvent> {
  const { held, run, processingTimeMs } = finished
  const failure = { errorMessage: errorText(error), timedOut: isTimeout(error), processingTimeMs }
  const reported = await run.reporter.fail(held, failure).catch((refusal: unknown) => {
    if (!isAboutInput(refusal)) throw refusal
    return run.reporter.fail(held, { ...failure, errorMessage: 'failed; the server does not accept the message' })
  })
  return eventOf(finished, reported, error)
}

function isAboutInput(error: unknown): error is RequestRefusedError {
  return error instanceof RequestRefusedError && error.isAboutInput
}

function eventOf(finished: FinishedJob, reported: ReportedOutcome, error?: unknown): WorkerEvent {
  const { held, processingTimeMs } = finished
  const { job } = held
  if ('lost' in reported) return { type: 'lost', job, reason: reported.lost }
  switch (reported.state) {
    case 'COMPLETED':
      return { type: 'completed', job, processingTimeMs }
    case 'FAILED':
      return { type: 'failed', job, processingTimeMs, error }
    case 'CANCELLED':
      return { type: 'cancelled', job }
    default:
      return { type: 'released', job }
  }
}

function lost({ held, run }: FinishedJob, error: unknown): WorkerEvent {
  if (error instanceof RequestRefusedError && !error.isAboutInput) run.onRefusal(error)
  return { type: 'lost', job: held.job, reason: error instanceof Error ? error.message : String(error) }
}
