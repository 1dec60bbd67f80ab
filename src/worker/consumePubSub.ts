// A worker that gets its jobs from Google Cloud Pub/Sub instead of polling. A message only names a
// job; the ledger decides its state and who may work on it. Duplicate, late and reordered messages
// are therefore harmless.
import { once } from 'node:events'
import type { Message } from '@google-cloud/pubsub'
import pLimit from 'p-limit'
import { sleep } from '../client/backoff.ts'
import { JobOfMessageDocument } from '../client/documents.generated.ts'
import { projectOf, pubSubNameFault } from '../publishing/pubSub/names.ts'
import { closePubSub, openPubSub } from '../publishing/pubSub/openPubSub.ts'
import { retryUntilResponse } from './backoff.ts'
import { claim } from './claimLoop.ts'
import type { HeldJob } from './heldJob.ts'
import { type WorkerOptions, WorkerOptionsError } from './workerOptions.ts'
import { WorkerRuntime } from './workerRuntime.ts'

export interface PubSubConsumerOptions<Output = unknown> extends Omit<WorkerOptions<Output>, 'pollMs'> {
  /**
   * Full name, such as `projects/my-project/subscriptions/jobs-worker`; `jobledger pubsub setup
   * --subscription` creates it. A message about a job of a preset that is not in `presets` is
   * acknowledged and ignored: give each set of presets its own subscription.
   */
  readonly subscription: string
}

/**
 * Pub/Sub refuses the subscription, and retrying does not help. The message is complete: print it
 * without a stack trace.
 */
export class PubSubRefusedError extends Error {
  override readonly name = 'PubSubRefusedError'
}

/**
 * Maximum number of messages, beyond those in progress, that wait for a slot or for their job to be
 * due.
 */
const WAITING_MESSAGES = 50
/** How long to hold a message whose job is not due before it is returned for redelivery. */
const NOT_DUE_MS = { min: 1000, max: 10_000 }

/**
 * Claims the jobs that messages name, and works on them as `runWorker` does until a stop is
 * requested. Acknowledges a message once the outcome of its job is recorded, and returns it if the
 * worker stops first.
 *
 * @throws WorkerOptionsError, RequestRefusedError, PubSubRefusedError
 */
export async function consumePubSub<Output>(options: PubSubConsumerOptions<Output>): Promise<void> {
  const fault = pubSubNameFault('subscription', options.subscription)
  if (fault) throw new WorkerOptionsError(`\`subscription\` ${fault}`)
  const runtime = new WorkerRuntime(options)
  const { settings, stop, slots, lostClaims } = runtime.parts
  const pubSub = await openPubSub(projectOf(options.subscription))
  const source = pubSub.subscription(options.subscription, {
    flowControl: { maxMessages: settings.concurrency + WAITING_MESSAGES, allowExcessMessages: false },
  })
  const consumer = new Consumer(runtime)
  source.on('message', (message: Message) => void consumer.accept(message))
  // The library retries transient errors by itself.
  source.on('error', (cause: Error) =>
    stop.fail(new PubSubRefusedError(`${options.subscription}: ${cause.message}`, { cause })),
  )
  if (!stop.stopRequested.aborted) await once(stop.stopRequested, 'abort')
  await consumer.settled()
  await lostClaims.release(slots.held).catch(() => undefined)
  try {
    await runtime.close()
  } finally {
    await closePubSub(source, pubSub)
  }
}

class Consumer {
  private readonly runtime: WorkerRuntime
  private readonly running: ReturnType<typeof pLimit>
  /** One claim at a time. */
  private readonly claiming = pLimit(1)
  private readonly pending = new Set<Promise<void>>()

  constructor(runtime: WorkerRuntime) {
    this.runtime = runtime
    this.running = pLimit(runtime.parts.settings.concurrency)
  }

  /** Processes a message. Never rejects. */
  async accept(message: Message): Promise<void> {
    const handling = this.process(message)
      .catch((error: unknown) => this.returnFailed(message, error))
      .finally(() => this.pending.delete(handling))
    this.pending.add(handling)
    await handling
  }

  /** Resolves when no message is being processed. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending)
  }

  private async process(message: Message): Promise<void> {
    const { jobId, newState, preset } = message.attributes
    // Only a pending job is work. The subscription's own filter is not relied on.
    if (jobId === undefined || newState !== 'PENDING' || !this.isWanted(preset)) {
      message.ack()
      return
    }
    const { stopRequested } = this.runtime.parts.stop
    const held = await this.running(() => this.work(jobId))
    if (held === undefined) await this.settleUnclaimed(jobId, message)
    // Interrupted by the stop: let another worker have it at once.
    else if (held.signal.aborted && stopRequested.aborted) message.nack()
    else message.ack()
  }

  private isWanted(preset: string | undefined): boolean {
    const { presets } = this.runtime.parts.settings
    return presets === undefined || (preset !== undefined && presets.includes(preset))
  }

  /** Claims the job and runs it until it ends; resolves to undefined if it cannot be claimed. */
  private async work(jobId: string): Promise<HeldJob | undefined> {
    this.runtime.parts.stop.stopRequested.throwIfAborted()
    const started = await this.claiming(() => this.start(jobId))
    return started?.end
  }

  /** Claims the job and starts it; resolves to undefined if it cannot be claimed. */
  private async start(jobId: string): Promise<{ readonly end: Promise<HeldJob> } | undefined> {
    const { client, slots, stop } = this.runtime.parts
    const attempt = (): Promise<HeldJob[]> => claim(this.runtime.parts, { limit: 1, jobIds: [jobId] })
    const [held] = await retryUntilResponse(client, attempt, stop.stopRequested)
    if (held === undefined) return undefined
    if (stop.stopRequested.aborted) held.stop()
    const end = new Promise<HeldJob>((resolve) => {
      slots.fill(held, () => this.runtime.run(held).finally(() => resolve(held)))
    })
    return { end }
  }

  /** A job that cannot be claimed is finished, held by another worker, or not due. */
  private async settleUnclaimed(jobId: string, message: Message): Promise<void> {
    const { client, stop } = this.runtime.parts
    const { job } = await retryUntilResponse(
      client,
      () => client.send(JobOfMessageDocument, { jobId }),
      stop.stopRequested,
    )
    if (job?.state !== 'PENDING') {
      message.ack()
      return
    }
    const dueInMs = Date.parse(job.runAt) - Date.now()
    await sleep(Math.min(NOT_DUE_MS.max, Math.max(NOT_DUE_MS.min, dueInMs)), stop.stopRequested)
    message.nack()
  }

  private returnFailed(message: Message, error: unknown): void {
    const { stop } = this.runtime.parts
    if (!stop.stopRequested.aborted) stop.fail(error)
    message.nack()
  }
}
