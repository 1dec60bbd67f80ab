// Reports runs to the ledger. Every step is safe to repeat, also by another process or after a lost
// response.
import { Credential } from '../../client/credential.ts'
import {
  CompleteRunDocument,
  CreateRunDocument,
  FailRunDocument,
  ReadRunDocument,
  type RunFragment as RunJob,
  type RunTransitionFragment,
  StartRunDocument,
  ViewerRolesDocument,
} from '../../client/documents.generated.ts'
import {
  failureOf,
  networkFailure,
  outcomeOf,
  RequestRefusedError,
  ServerUnavailableError,
} from '../../client/requestErrors.ts'
import { sendOperation, type TypedDocument } from '../../client/sendOperation.ts'
import type { ClientConfig } from '../../config/client.ts'
import { credentialSource, missingRole, withOptions } from '../credential.ts'
import { jobInput, type RunRecord, resultInput, type StartedRun, transitionMetadata } from './runRecord.ts'

/** The ledger refuses this run permanently. The message is a sentence. */
export class RunRefusedError extends Error {
  override readonly name = 'RunRefusedError'
}

/**
 * The server refuses this credential for the run; another one may be accepted. The message is a
 * sentence.
 */
export class CredentialRefusedError extends Error {
  override readonly name = 'CredentialRefusedError'
  /** The credential is refused for all runs. */
  readonly appliesToEveryRun: boolean

  constructor(message: string, { appliesToEveryRun }: { readonly appliesToEveryRun: boolean }) {
    super(message)
    this.appliesToEveryRun = appliesToEveryRun
  }
}

/** Refusals that neither another credential nor a later attempt fixes. */
const PERMANENT = new Set(['BAD_USER_INPUT', 'HTTP_413'])
/** Options by the API field that they set. */
const OPTIONS = { preset: '--preset', userId: '--user' }

/** The versions of a job after its creation and after its start if nothing else changed it. */
const CREATED = 1
const STARTED = 2

export interface ReportContext {
  readonly signal: AbortSignal
  /** Whether the report is sent after the run, or by another process. */
  readonly late: boolean
}

/**
 * Reports runs to the server at `url`. Each method tries once; the caller decides when to retry.
 */
export class RunReporter {
  private readonly url: string
  private readonly credential: Credential
  private readonly source: string
  /** Why the caller's roles are insufficient; null if they are not known to be. */
  private roleFault: string | null | undefined

  constructor(config: Pick<ClientConfig, 'url' | 'token' | 'tokenFrom'>) {
    this.url = config.url
    this.credential = new Credential(config.token)
    this.source = credentialSource(config)
  }

  /**
   * Creates and starts the job of a run that is about to start. It stays PENDING if the second step
   * fails.
   * @throws RunRefusedError, CredentialRefusedError, ServerUnavailableError
   */
  async start(run: StartedRun, signal: AbortSignal): Promise<RunJob> {
    const context = { late: false, signal }
    const job = await this.create(run, context)
    const started = await this.startJob(run, job, context).catch(() => undefined)
    return started?.__typename === 'TransitionJobSuccess' ? started.job : job
  }

  /**
   * Moves the job of a run to its final state, from any state; `known` is its last known state.
   * Safe to repeat.
   * @throws RunRefusedError, CredentialRefusedError, ServerUnavailableError
   */
  async finish(run: RunRecord, context: ReportContext, known?: RunJob): Promise<void> {
    let job = known ?? (await this.find(run, context))
    while (!isFinished(job, run)) {
      const outcome = await this.advance(run, job, context)
      if (outcome.__typename === 'InvalidInput') throw this.refusal(outcome.message)
      if (outcome.__typename === 'TransitionJobSuccess') {
        job = outcome.job
        continue
      }
      // The job has changed in the meantime, possibly by an earlier request whose response was
      // lost.
      const current = await this.read(job.jobId, context)
      if (current.version === job.version) throw this.refusal(outcome.message)
      job = current
    }
  }

  private find(run: RunRecord, context: ReportContext): Promise<RunJob> {
    return run.jobId === undefined ? this.create(run, context) : this.read(run.jobId, context)
  }

  private async create(run: StartedRun | RunRecord, { late, signal }: ReportContext): Promise<RunJob> {
    await this.requireRoles(signal)
    const outcome = await this.mutate(CreateRunDocument, { input: jobInput(run, late) }, signal)
    if (outcome.__typename === 'CreateJobSuccess') return outcome.job
    // Created by an earlier attempt whose response was lost, with fewer details of the run.
    if (outcome.__typename === 'IdempotencyConflict') return outcome.existingJob
    throw this.refusal(outcome.message)
  }

  /** Checked first, because a job that the caller may not start would stay PENDING. */
  private async requireRoles(signal: AbortSignal): Promise<void> {
    if (this.roleFault === undefined) {
      const { viewer } = await this.send(ViewerRolesDocument, {}, signal)
      this.roleFault = missingRole('jobledger run', viewer) ?? null
    }
    if (this.roleFault !== null) throw this.credentialRefusal(this.roleFault, true)
  }

  private async read(jobId: string, { signal }: ReportContext): Promise<RunJob> {
    const { job } = await this.send(ReadRunDocument, { jobId }, signal)
    if (job === null) throw this.refusal(`Job ${jobId} does not exist.`)
    return job
  }

  private async startJob(
    run: StartedRun,
    { jobId }: RunJob,
    { late, signal }: ReportContext,
  ): Promise<RunTransitionFragment> {
    const transition = { reason: `run on ${run.host}`, metadata: transitionMetadata(run, late) }
    const input = { jobId, to: 'PROCESSING', expectedVersion: CREATED, ...transition } as const
    return this.mutate(StartRunDocument, { input }, signal)
  }

  /** Sends the next transition of a job that only this run has changed. */
  private async advance(run: RunRecord, job: RunJob, context: ReportContext): Promise<RunTransitionFragment> {
    const { jobId, state, version } = job
    if (state === 'PENDING' && version === CREATED) return this.startJob(run, job, context)
    if (state !== 'PROCESSING' || version !== STARTED || !isBy(job, run))
      throw this.refusal(`Job ${jobId} was changed by another caller: it is ${state}, version ${version}.`)
    const input = { jobId, expectedVersion: STARTED, ...resultInput(run, context.late) }
    const { errorMessage, timedOut } = run
    if (errorMessage === null) return this.mutate(CompleteRunDocument, { input }, context.signal)
    return this.mutate(FailRunDocument, { input: { ...input, errorMessage, timedOut } }, context.signal)
  }

  private async mutate<Outcome, Variables extends object>(
    document: TypedDocument<{ readonly outcome: Outcome | null }, Variables>,
    variables: Variables,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return outcomeOf(this.url, await this.send(document, variables, signal))
  }

  private async send<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    signal: AbortSignal,
  ): Promise<Data> {
    const operation = { query: document.toString(), variables }
    const request = (headers: Record<string, string>) => sendOperation<Data>(this.url, operation, headers, signal)
    const response = await this.credential.send(request, signal).catch((error: unknown) => {
      throw this.classify(networkFailure(this.url, error, false))
    })
    const failure = failureOf(this.url, response)
    if (failure) throw this.classify(failure)
    return response.data
  }

  /** Classifies a failure: only permanent refusals of the run end its delivery. */
  private classify(failure: Error): Error {
    if (!(failure instanceof RequestRefusedError)) return failure
    if (PERMANENT.has(failure.code)) return this.refusal(failure.detail)
    if (!failure.isAboutInput) return this.credentialRefusal(failure.detail, failure.code === 'UNAUTHENTICATED')
    return new ServerUnavailableError(`${this.url} temporarily refuses: ${failure.detail}`, { cause: failure })
  }

  private credentialRefusal(detail: string, appliesToEveryRun: boolean): CredentialRefusedError {
    return new CredentialRefusedError(`${this.url} temporarily refuses: ${detail} ${this.source}`, {
      appliesToEveryRun,
    })
  }

  private refusal(message: string): RunRefusedError {
    return new RunRefusedError(`${this.url} refuses: ${withOptions(message, OPTIONS)}`)
  }
}

function isFinished(job: RunJob, run: RunRecord): boolean {
  return (job.state === 'COMPLETED' || job.state === 'FAILED') && isBy(job, run)
}

function isBy({ stateMetadata }: RunJob, { key }: RunRecord): boolean {
  return stateMetadata.run === key
}
