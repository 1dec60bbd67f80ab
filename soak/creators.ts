// Creates jobs, each under an idempotency key. Retries until the job is acknowledged, whatever
// happens to server and database.
import { setTimeout as pause } from 'node:timers/promises'
import { RecordJobDocument } from '../src/client/documents.generated.ts'
import { sendOperation, type TypedDocument } from '../src/client/sendOperation.ts'
import { type Random, randomFrom } from '../src/commands/seed/random.ts'
import { CreateJobsDocument } from '../test/client/documents.generated.ts'
import type { Faults } from './faults.ts'

export interface CreatorsOptions {
  readonly endpoint: string
  readonly userId: string
  readonly seed: number
  readonly faults: Faults
  /** Whether enough jobs are waiting for now. */
  isFull(): boolean
}

const CREATORS = 4
const MAX_BATCH = 20
const ANSWER_MS = 10_000
const MAX_PAUSE_MS = 60
const RETRY_MS = 250
/** Maximum number of attempts of one request. High, because a request can be lost repeatedly. */
const MAX_ATTEMPTS = 1000
/** Share of requests that are sent again after their response. */
const REPEATS = 0.05

type Outcome = { readonly __typename: 'CreateJobSuccess'; readonly job: { readonly jobId: string } } | Refusal
interface Refusal {
  readonly __typename: 'IdempotencyConflict' | 'InvalidInput'
  readonly message: string
}

export class Creators {
  /** The acknowledged jobs by their idempotency keys. */
  readonly acknowledged = new Map<string, string>()
  /** Number of requests that were sent again. */
  retries = 0
  private readonly options: CreatorsOptions
  private keys = 0

  constructor(options: CreatorsOptions) {
    this.options = options
  }

  /**
   * Creates jobs until `isEnough`. Resolves when all of them are acknowledged. Stops when `signal`
   * is aborted.
   */
  async run(isEnough: () => boolean, signal: AbortSignal): Promise<void> {
    const { seed } = this.options
    const create = async (random: Random): Promise<void> => {
      while (!isEnough() && !signal.aborted) {
        if (this.options.isFull()) {
          await pause(MAX_PAUSE_MS)
          continue
        }
        const keys = Array.from({ length: random.integer(1, MAX_BATCH) }, () => `key-${++this.keys}`)
        await this.untilAcknowledged(keys, signal)
        if (random.next() < REPEATS) await this.untilAcknowledged(keys, signal)
        await pause(random.integer(0, MAX_PAUSE_MS))
      }
    }
    await Promise.all(Array.from({ length: CREATORS }, (_, n) => create(randomFrom(seed + n))))
  }

  private async untilAcknowledged(keys: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const outcomes = await this.send(keys).catch(() => undefined)
      if (outcomes !== undefined) {
        for (const [index, key] of keys.entries()) this.acknowledge(key, outcomes[index])
        return
      }
      this.retries += 1
      await pause(RETRY_MS)
    }
  }

  /** A key always identifies the same job. */
  private acknowledge(key: string, outcome: Outcome | undefined): void {
    if (outcome?.__typename !== 'CreateJobSuccess') {
      this.options.faults.note(`The job of ${key} was refused: ${outcome?.message}`)
      return
    }
    const { jobId } = outcome.job
    const before = this.acknowledged.get(key)
    if (before !== undefined && before !== jobId) {
      this.options.faults.note(`${key} was acknowledged as job ${before}, and then as job ${jobId}.`)
    }
    this.acknowledged.set(key, jobId)
  }

  private async send(keys: readonly string[]): Promise<readonly Outcome[]> {
    const { userId } = this.options
    const [first = '', ...more] = keys
    const inputOf = (key: string) => ({
      userId,
      content: `the job of ${key}`,
      idempotencyKey: key,
      maxAttempts: MAX_ATTEMPTS,
    })
    if (more.length === 0) {
      const { createJob } = await this.ask(RecordJobDocument, { input: inputOf(first) })
      return createJob === null ? [] : [createJob]
    }
    return (await this.ask(CreateJobsDocument, { inputs: keys.map(inputOf) })).createJobs
  }

  private async ask<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const operation = { query: document.toString(), variables }
    const { data, errors } = await sendOperation<Data>(
      this.options.endpoint,
      operation,
      {},
      AbortSignal.timeout(ANSWER_MS),
    )
    if (errors?.[0]) throw new Error(errors[0].message)
    return data
  }
}
