// Tells the ledger of runs: each step safe to repeat, also by another process, and also when its answer was lost.
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
import { type BegunRun, jobInput, type RunRecord, resultInput, transitionMetadata } from './runRecord.ts'

/** The ledger will not take this run, however often it is told. The message is a sentence. */
export class RunRefusedError extends Error {
  override readonly name = 'RunRefusedError'
}

/** The server does not take this run from this credential; another one may do. The message is a sentence. */
export class CredentialRefusedError extends Error {
  override readonly name = 'CredentialRefusedError'
  /** The credential is of no use for other runs either. */
  readonly isForAll: boolean

  constructor(message: string, { isForAll }: { readonly isForAll: boolean }) {
    super(message)
    this.isForAll = isForAll
  }
}

/** Of the refusals of a request those that no other credential, and no better moment, mends. */
const NO_LIMIT = new Set(['BAD_USER_INPUT', 'HTTP_413'])
/** The options of the command that fields of the API come from. */
const OPTIONS = { preset: '--preset', userId: '--user' }

/** The version of a job that was created, and of one that was started when nobody else had touched it. */
const CREATED = 1
const STARTED = 2

export interface ReportContext {
  readonly signal: AbortSignal
  /** After the run, or by another process than ran it. */
  readonly late: boolean
}

/** The runs in the ledger behind `url`. Asks once: when to ask again is for the caller. */
export class RunReporter {
  private readonly url: string
  private readonly credential: Credential
  private readonly source: string
  /** Why the caller cannot bring a run to its end; null: it can, as far as is known. */
  private roleFault: string | null | undefined

  constructor(config: Pick<ClientConfig, 'url' | 'token' | 'tokenFrom'>) {
    this.url = config.url
    this.credential = new Credential(config.token)
    this.source = credentialSource(config)
  }

  /**
   * Makes the job of a run that is about to begin. It is PROCESSING, or still PENDING if only that much could be done.
   * @throws RunRefusedError, CredentialRefusedError, ServerAwayError
   */
  async begin(run: BegunRun, signal: AbortSignal): Promise<RunJob> {
    const telling = { late: false, signal }
    const job = await this.create(run, telling)
    const started = await this.start(run, job, telling).catch(() => undefined)
    return started?.__typename === 'TransitionJobSuccess' ? started.job : job
  }

  /**
   * Brings the job of a run to its end, from wherever it is; `known` is how it was last seen. Told once more, nothing changes.
   * @throws RunRefusedError, CredentialRefusedError, ServerAwayError
   */
  async finish(run: RunRecord, telling: ReportContext, known?: RunJob): Promise<void> {
    let job = known ?? (await this.find(run, telling))
    while (!isEnd(job, run)) {
      const outcome = await this.advance(run, job, telling)
      if (outcome.__typename === 'InvalidInput') throw this.refusal(outcome.message)
      if (outcome.__typename === 'TransitionJobSuccess') {
        job = outcome.job
        continue
      }
      // Somebody else was there, or we ourselves, and the answer was lost.
      const now = await this.read(job.jobId, telling)
      if (now.version === job.version) throw this.refusal(outcome.message)
      job = now
    }
  }

  private find(run: RunRecord, telling: ReportContext): Promise<RunJob> {
    return run.jobId === undefined ? this.create(run, telling) : this.read(run.jobId, telling)
  }

  private async create(run: BegunRun | RunRecord, { late, signal }: ReportContext): Promise<RunJob> {
    await this.requireRoles(signal)
    const outcome = await this.mutate(CreateRunDocument, { input: jobInput(run, late) }, signal)
    if (outcome.__typename === 'CreateJobSuccess') return outcome.job
    // Made by an earlier attempt, whose answer was lost, before as much was known of the run.
    if (outcome.__typename === 'IdempotencyConflict') return outcome.existingJob
    throw this.refusal(outcome.message)
  }

  /** A job that nobody may start would stay PENDING. */
  private async requireRoles(signal: AbortSignal): Promise<void> {
    if (this.roleFault === undefined) {
      const { viewer } = await this.send(ViewerRolesDocument, {}, signal)
      this.roleFault = missingRole('jobledger run', viewer) ?? null
    }
    if (this.roleFault !== null) throw this.credentialRefusal(this.roleFault, true)
  }

  private async read(jobId: string, { signal }: ReportContext): Promise<RunJob> {
    const { job } = await this.send(ReadRunDocument, { jobId }, signal)
    if (job === null) throw this.refusal(`There is no job ${jobId}.`)
    return job
  }

  private async start(
    run: BegunRun,
    { jobId }: RunJob,
    { late, signal }: ReportContext,
  ): Promise<RunTransitionFragment> {
    const note = { reason: `run on ${run.host}`, metadata: transitionMetadata(run, late) }
    const input = { jobId, to: 'PROCESSING', expectedVersion: CREATED, ...note } as const
    return this.mutate(StartRunDocument, { input }, signal)
  }

  /** The next step of a job that only this run has touched. */
  private async advance(run: RunRecord, job: RunJob, telling: ReportContext): Promise<RunTransitionFragment> {
    const { jobId, state, version } = job
    if (state === 'PENDING' && version === CREATED) return this.start(run, job, telling)
    if (state !== 'PROCESSING' || version !== STARTED || !isBy(job, run))
      throw this.refusal(`Job ${jobId} is ${state}, version ${version}, and not by this run.`)
    const input = { jobId, expectedVersion: STARTED, ...resultInput(run, telling.late) }
    const { errorMessage, timedOut } = run
    if (errorMessage === null) return this.mutate(CompleteRunDocument, { input }, telling.signal)
    return this.mutate(FailRunDocument, { input: { ...input, errorMessage, timedOut } }, telling.signal)
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
    const answer = await this.credential.send(request, signal).catch((error: unknown) => {
      throw this.sorted(networkFailure(this.url, error, false))
    })
    const failure = failureOf(this.url, answer)
    if (failure) throw this.sorted(failure)
    return answer.data
  }

  /** Refusals that another moment or another credential may mend are no reason to give up. */
  private sorted(failure: Error): Error {
    if (!(failure instanceof RequestRefusedError)) return failure
    if (NO_LIMIT.has(failure.code)) return this.refusal(failure.detail)
    if (!failure.isAboutInput) return this.credentialRefusal(failure.detail, failure.code === 'UNAUTHENTICATED')
    return new ServerUnavailableError(`${this.url} refuses for now: ${failure.detail}`, { cause: failure })
  }

  private credentialRefusal(detail: string, isForAll: boolean): CredentialRefusedError {
    return new CredentialRefusedError(`${this.url} refuses for now: ${detail} ${this.source}`, { isForAll })
  }

  private refusal(message: string): RunRefusedError {
    return new RunRefusedError(`${this.url} refuses: ${withOptions(message, OPTIONS)}`)
  }
}

function isEnd(job: RunJob, run: RunRecord): boolean {
  return (job.state === 'COMPLETED' || job.state === 'FAILED') && isBy(job, run)
}

function isBy({ stateMetadata }: RunJob, { key }: RunRecord): boolean {
  return stateMetadata.run === key
}
