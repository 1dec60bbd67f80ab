// The API requests of the load test. Any refused request ends the test: it would invalidate the
// measurement.
import { CompleteJobDocument, RecordJobDocument } from '../src/client/documents.generated.ts'
import { sendOperation, type TypedDocument } from '../src/client/sendOperation.ts'
import { CreateJobsDocument, TakeJobsDocument, type TakeJobsMutation } from '../test/client/documents.generated.ts'

/**
 * The load test failed, or the accounts are wrong. The message is complete: print it without a
 * stack trace.
 */
export class LoadError extends Error {
  override readonly name = 'LoadError'
}

export type ClaimedJob = Extract<TakeJobsMutation['claimJobs'], { __typename: 'ClaimJobsSuccess' }>['jobs'][number]

export interface LoadClientOptions {
  readonly endpoint: string
  readonly token: string | undefined
  /** The owner of the jobs. Undefined: the caller. */
  readonly user: string | undefined
  /** Marks the jobs of this run. Workers claim only these. */
  readonly run: string
}

export class LoadClient {
  private readonly options: LoadClientOptions
  private readonly headers: Readonly<Record<string, string>>

  constructor(options: LoadClientOptions) {
    this.options = options
    this.headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
  }

  async create(content: string): Promise<void> {
    const { createJob } = await this.send(RecordJobDocument, { input: this.inputOf(content) })
    require(createJob, 'CreateJobSuccess')
  }

  async createBatch(contents: readonly string[]): Promise<void> {
    const inputs = contents.map((content) => this.inputOf(content))
    const { createJobs } = await this.send(CreateJobsDocument, { inputs })
    for (const outcome of createJobs) require(outcome, 'CreateJobSuccess')
  }

  async claim(workerId: string, limit: number): Promise<readonly ClaimedJob[]> {
    const { claimJobs } = await this.send(TakeJobsDocument, { input: { workerId, limit, presets: [this.options.run] } })
    if (claimJobs?.__typename !== 'ClaimJobsSuccess') throw new LoadError(`A claim was refused: ${claimJobs?.message}`)
    return claimJobs.jobs
  }

  async complete({ jobId, version, content }: ClaimedJob): Promise<void> {
    const input = { jobId, expectedVersion: version, output: content }
    const { completeJob } = await this.send(CompleteJobDocument, { input })
    require(completeJob, 'TransitionJobSuccess')
  }

  /** @throws LoadError */
  async send<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const { endpoint } = this.options
    const operation = { query: document.toString(), variables }
    const { data, errors } = await sendOperation<Data>(endpoint, operation, this.headers).catch((cause: Error) => {
      const why = cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message
      throw new LoadError(`${endpoint} does not respond (${why}): start a server there, or omit --url.`, { cause })
    })
    if (errors?.[0]) throw new LoadError(`${endpoint} refused: ${errors[0].message}`)
    return data
  }

  private inputOf(content: string) {
    const { user, run } = this.options
    return { ...(user === undefined ? {} : { userId: user }), content, preset: run, metadata: { run } }
  }
}

function require(outcome: { readonly __typename: string; readonly message?: string } | null, expected: string): void {
  if (outcome?.__typename !== expected) throw new LoadError(`${outcome?.__typename}: ${outcome?.message}`)
}
