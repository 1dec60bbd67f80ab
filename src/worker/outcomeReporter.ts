// Records the outcome of a job exactly once: retries until the server responds, and recognizes an
// outcome that an earlier request recorded although its response was lost.
import {
  CancelHeldJobDocument,
  CompleteHeldJobDocument,
  FailHeldJobDocument,
  type HeldJobOutcomeFragment,
  type JobState,
  ReleaseHeldJobDocument,
} from '../client/documents.generated.ts'
import type { TypedDocument } from '../client/sendOperation.ts'
import { retryUntilResponse } from './backoff.ts'
import { FailureBreaker } from './failureBreaker.ts'
import type { HeldJob } from './heldJob.ts'
import { findOwnOutcome } from './ownOutcome.ts'
import type { WorkerClient } from './workerClient.ts'

/** The state to which this worker moved the job, or why it did not. */
export type ReportedOutcome = { readonly state: JobState } | { readonly lost: string }

export interface JobFailure {
  /** In a form that the server accepts; see errorText. */
  readonly errorMessage: string
  readonly timedOut: boolean
  readonly processingTimeMs: number
}

interface OutcomeRequest<Input> {
  readonly state: JobState
  readonly document: TypedDocument<{ readonly outcome: HeldJobOutcomeFragment | null }, { input: Input }>
  readonly input: Input
}

export class OutcomeReporter {
  private readonly client: WorkerClient
  private readonly workerId: string
  private readonly shutdown: AbortSignal

  /** Once `shutdown` is aborted, no request is sent, and all methods throw its reason. */
  constructor(
    client: WorkerClient,
    { workerId, shutdown }: { readonly workerId: string; readonly shutdown: AbortSignal },
  ) {
    this.client = client
    this.workerId = workerId
    this.shutdown = shutdown
  }

  /**
   * @throws RequestRefusedError; if it is about the input, the server does not accept this output
   */
  complete(held: HeldJob, output: unknown, processingTimeMs: number): Promise<ReportedOutcome> {
    const input = { ...this.inputOf(held), output, processingTimeMs }
    return this.report(held, { state: 'COMPLETED', document: CompleteHeldJobDocument, input })
  }

  /**
   * @throws RequestRefusedError; if it is about the input, the server does not accept this message
   */
  fail(held: HeldJob, failure: JobFailure): Promise<ReportedOutcome> {
    const input = { ...this.inputOf(held), ...failure }
    return this.report(held, { state: 'FAILED', document: FailHeldJobDocument, input })
  }

  /** @throws RequestRefusedError */
  cancel(held: HeldJob): Promise<ReportedOutcome> {
    const reason = 'the worker has stopped the job as requested'
    const input = { ...this.inputOf(held), to: 'CANCELLED', reason } as const
    return this.report(held, { state: 'CANCELLED', document: CancelHeldJobDocument, input })
  }

  /** Releases the job; the attempt does not count. @throws RequestRefusedError */
  release(held: HeldJob): Promise<ReportedOutcome> {
    const input = { jobId: held.job.id, expectedVersion: held.job.version, reason: this.releaseReason }
    return this.report(held, { state: 'PENDING', document: ReleaseHeldJobDocument, input })
  }

  private inputOf({ job, outcomeId }: HeldJob): {
    jobId: string
    expectedVersion: number
    metadata: Record<string, string>
  } {
    return { jobId: job.id, expectedVersion: job.version, metadata: { workerId: this.workerId, outcomeId } }
  }

  private get releaseReason(): string {
    return `released by ${this.workerId}, which is stopping`
  }

  private async report<Input>(
    held: HeldJob,
    { state, document, input }: OutcomeRequest<Input>,
  ): Promise<ReportedOutcome> {
    const breaker = new FailureBreaker(this.client)
    const attempt = () => breaker.run(() => this.client.mutate(document, { input }))
    const outcome = await retryUntilResponse(this.client, attempt, this.shutdown)
    if (outcome.__typename === 'TransitionJobSuccess') return { state }
    if (outcome.__typename === 'InvalidInput') throw this.client.refusal('INVALID_INPUT', outcome.message)
    const find = () => findOwnOutcome(this.client, held, this.releaseReason)
    const own = await retryUntilResponse(this.client, find, this.shutdown)
    return own === undefined ? { lost: outcome.message } : { state: own }
  }
}
