// One job, from its claim to its end: runs the handler, and has recorded what came of it.

import { RequestRefusedError } from '../client/requestErrors.ts'
import type { ClaimedJob, JobContext } from './claimedJob.ts'
import { errorText, isTimeout, outputFault } from './errorText.ts'
import type { HeldJob } from './heldJob.ts'
import type { OutcomeReporter, ReportedOutcome } from './outcomeReporter.ts'
import { JobCancelledError, WorkerStoppedError } from './stopReasons.ts'
import type { Emit, WorkerEvent } from './workerEvent.ts'

export interface JobRun {
  handle(job: ClaimedJob, context: JobContext): Promise<unknown>
  /** Extends the lease of the job once. @throws the reason for which the job is to be stopped */
  extend(held: HeldJob): Promise<void>
  readonly end: OutcomeReporter
  readonly emit: Emit
  /** Handlers are not waited for any more: a job is given back although its handler goes on. */
  readonly handlersAbandoned: AbortSignal
  /** Is told of refusals that are about the worker, not about the job. */
  onRefusal(error: RequestRefusedError): void
}

/** Of GraphQL: 24.8 days. */
const MAX_INT = 2_147_483_647

/** Never rejects: what becomes of the job is told by events. */
export async function runJob(held: HeldJob, run: JobRun): Promise<void> {
  run.emit({ type: 'claimed', job: held.job })
  const startedAt = performance.now()
  const outcome = await outcomeOf(held, run)
  const processingTimeMs = Math.min(MAX_INT, Math.round(performance.now() - startedAt))
  const ended: FinishedJob = { held, run, processingTimeMs }
  run.emit(await reportOutcome(ended, outcome).catch((error: unknown) => lost(ended, error)))
}

type Outcome = { readonly output: unknown } | { readonly error: unknown }

async function outcomeOf(held: HeldJob, { handle, extend, handlersAbandoned }: JobRun): Promise<Outcome> {
  const { signal } = held
  let leave: (() => void) | undefined
  try {
    // A stop that was asked for while the job was being claimed.
    signal.throwIfAborted()
    const handled = Promise.resolve(handle(held.job, { signal, extend: () => extend(held) }))
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason)
      handlersAbandoned.addEventListener('abort', leave, { once: true })
    })
    return { output: await Promise.race([handled, left]) }
  } catch (error) {
    return { error }
  } finally {
    if (leave) handlersAbandoned.removeEventListener('abort', leave)
  }
}

interface FinishedJob {
  readonly held: HeldJob
  readonly run: JobRun
  readonly processingTimeMs: number
}

async function reportOutcome(ended: FinishedJob, outcome: Outcome): Promise<WorkerEvent> {
  const { held, run } = ended
  const reason: unknown = held.signal.reason
  if (held.isLost) return lost(ended, reason)
  held.beginReport()
  if ('output' in outcome) return complete(ended, outcome.output)
  if (reason instanceof JobCancelledError) return eventOf(ended, await run.end.cancel(held))
  if (reason instanceof WorkerStoppedError) return eventOf(ended, await run.end.release(held))
  return fail(ended, outcome.error)
}

/** An output that cannot be kept makes the job fail: it must not be tried for ever to keep it. */
async function complete(ended: FinishedJob, output: unknown): Promise<WorkerEvent> {
  const { held, run, processingTimeMs } = ended
  const fault = outputFault(output)
  if (fault !== undefined) return fail(ended, new TypeError(fault))
  try {
    return eventOf(ended, await run.end.complete(held, output, processingTimeMs))
  } catch (error) {
    if (!isAboutInput(error)) throw error
    return fail(ended, new Error(`The server does not take the output: ${error.detail}`, { cause: error }))
  }
}

async function fail(ended: FinishedJob, error: unknown): Promise<WorkerEvent> {
  const { held, run, processingTimeMs } = ended
  const failure = { errorMessage: errorText(error), timedOut: isTimeout(error), processingTimeMs }
  const verdict = await run.end.fail(held, failure).catch((refusal: unknown) => {
    if (!isAboutInput(refusal)) throw refusal
    return run.end.fail(held, { ...failure, errorMessage: 'failed; the server does not take the message' })
  })
  return eventOf(ended, verdict, error)
}

function isAboutInput(error: unknown): error is RequestRefusedError {
  return error instanceof RequestRefusedError && error.isAboutInput
}

function eventOf(ended: FinishedJob, verdict: ReportedOutcome, error?: unknown): WorkerEvent {
  const { held, processingTimeMs } = ended
  const { job } = held
  if ('lost' in verdict) return { type: 'lost', job, reason: verdict.lost }
  switch (verdict.state) {
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
