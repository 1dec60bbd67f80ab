// Records how a job ended, exactly once: asks until the server has answered, and recognises what an earlier request, whose answer
// was lost, has already done.
import {
  EndByCancellationDocument,
  EndByCompletionDocument,
  EndByFailureDocument,
  EndByReleaseDocument,
  type EndOutcomeFragment,
  type JobState,
} from '../client/documents.generated.ts'
import type { TypedDocument } from '../client/sendOperation.ts'
import { retryUntilResponse } from './backoff.ts'
import { FailureBreaker } from './failureBreaker.ts'
import type { HeldJob } from './heldJob.ts'
import { findOwnOutcome } from './ownOutcome.ts'
import type { WorkerClient } from './workerClient.ts'

/** The state into which this worker has brought the job, or why it has not. */
export type ReportedOutcome = { readonly state: JobState } | { readonly lost: string }

export interface JobFailure {
  /** In a form that the server takes. */
  readonly errorMessage: string
  readonly timedOut: boolean
  readonly processingTimeMs: number
}

interface End<Input> {
  readonly state: JobState
  readonly document: TypedDocument<{ readonly outcome: EndOutcomeFragment | null }, { input: Input }>
  readonly input: Input
}

export class OutcomeReporter {
  private readonly client: WorkerClient
  private readonly workerId: string
  private readonly shutdown: AbortSignal

  /** When `shutdown` is aborted, nothing is asked any more. Then all of these throw its reason. */
  constructor(
    client: WorkerClient,
    { workerId, shutdown }: { readonly workerId: string; readonly shutdown: AbortSignal },
  ) {
    this.client = client
    this.workerId = workerId
    this.shutdown = shutdown
  }

  /** @throws RequestRefusedError; when it is about the input, the server does not take this output */
  complete(held: HeldJob, output: unknown, processingTimeMs: number): Promise<ReportedOutcome> {
    const input = { ...this.accepted(held), output, processingTimeMs }
    return this.decide(held, { state: 'COMPLETED', document: EndByCompletionDocument, input })
  }

  /** @throws RequestRefusedError; when it is about the input, the server does not take this message */
  fail(held: HeldJob, failure: JobFailure): Promise<ReportedOutcome> {
    const input = { ...this.accepted(held), ...failure }
    return this.decide(held, { state: 'FAILED', document: EndByFailureDocument, input })
  }

  /** @throws RequestRefusedError */
  cancel(held: HeldJob): Promise<ReportedOutcome> {
    const reason = 'the worker has stopped, as it was asked to'
    const input = { ...this.accepted(held), to: 'CANCELLED', reason } as const
    return this.decide(held, { state: 'CANCELLED', document: EndByCancellationDocument, input })
  }

  /** Gives the job back, without using up an attempt. @throws RequestRefusedError */
  release(held: HeldJob): Promise<ReportedOutcome> {
    const input = { jobId: held.job.id, expectedVersion: held.job.version, reason: this.releaseReason }
    return this.decide(held, { state: 'PENDING', document: EndByReleaseDocument, input })
  }

  private accepted({ job, outcomeId }: HeldJob): {
    jobId: string
    expectedVersion: number
    metadata: Record<string, string>
  } {
    return { jobId: job.id, expectedVersion: job.version, metadata: { workerId: this.workerId, endId: outcomeId } }
  }

  private get releaseReason(): string {
    return `given back by ${this.workerId}, which is being stopped`
  }

  private async decide<Input>(held: HeldJob, { state, document, input }: End<Input>): Promise<ReportedOutcome> {
    const stumbles = new FailureBreaker(this.client)
    const attempt = () => stumbles.run(() => this.client.mutate(document, { input }))
    const outcome = await retryUntilResponse(this.client, attempt, this.shutdown)
    if (outcome.__typename === 'TransitionJobSuccess') return { state }
    if (outcome.__typename === 'InvalidInput') throw this.client.refusal('INVALID_INPUT', outcome.message)
    const look = () => findOwnOutcome(this.client, held, this.releaseReason)
    const own = await retryUntilResponse(this.client, look, this.shutdown)
    return own === undefined ? { lost: outcome.message } : { state: own }
  }
}
