// A worker that is told of jobs by Google Cloud Pub/Sub instead of looking for them. A message only names a job: what is true of it, and who may
// work on it, is for the ledger to say. So a message that comes twice, late, or before another one does no harm.
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
   * The whole name, such as `projects/my-project/subscriptions/jobs-worker`; `jobledger pubsub setup --subscription` makes one. A message about a
   * job of another preset than `presets` is acknowledged and ignored: give each set of presets a subscription of its own.
   */
  readonly subscription: string
}

/** Pub/Sub refuses the subscription, and will refuse it again. The message is complete: print it without a stack trace. */
export class PubSubRefusedError extends Error {
  override readonly name = 'PubSubRefusedError'
}

/** Messages that wait here for a slot, or for their job to be due, beside those that are worked on. */
const WAITING_MESSAGES = 50
/** How long a message is kept whose job is not due, before it is given back to come again. */
const NOT_DUE_MS = { least: 1000, most: 10_000 }

/**
 * Claims the jobs that messages name, and works on them as `runWorker` does, until a stop is asked for. The message of a job is acknowledged when its
 * end is recorded, and given back when this worker stops before.
 *
 * @throws WorkerOptionsError, RequestRefusedError, PubSubRefusedError
 */
export async function consumePubSub<Output>(options: PubSubConsumerOptions<Output>): Promise<void> {
  const fault = pubSubNameFault('subscription', options.subscription)
  if (fault) throw new WorkerOptionsError(`subscription ${fault}`)
  const runtime = new WorkerRuntime(options)
  const { settings, stop, slots, lostClaims } = runtime.parts
  const pubSub = await openPubSub(projectOf(options.subscription))
  const reader = pubSub.subscription(options.subscription, {
    flowControl: { maxMessages: settings.concurrency + WAITING_MESSAGES, allowExcessMessages: false },
  })
  const consumer = new Consumer(runtime)
  reader.on('message', (message: Message) => void consumer.take(message))
  // What may pass the library waits for by itself.
  reader.on('error', (cause: Error) =>
    stop.fail(new PubSubRefusedError(`${options.subscription}: ${cause.message}`, { cause })),
  )
  if (!stop.stopRequested.aborted) await once(stop.stopRequested, 'abort')
  await consumer.settled()
  await lostClaims.release(slots.held).catch(() => undefined)
  try {
    await runtime.close()
  } finally {
    await closePubSub(reader, pubSub)
  }
}

class Consumer {
  private readonly runtime: WorkerRuntime
  private readonly running: ReturnType<typeof pLimit>
  /** One claim at a time. */
  private readonly claiming = pLimit(1)
  private readonly taken = new Set<Promise<void>>()

  constructor(runtime: WorkerRuntime) {
    this.runtime = runtime
    this.running = pLimit(runtime.parts.settings.concurrency)
  }

  /** Deals with a message. Never rejects. */
  async take(message: Message): Promise<void> {
    const dealing = this.deal(message)
      .catch((error: unknown) => this.giveBack(message, error))
      .finally(() => this.taken.delete(dealing))
    this.taken.add(dealing)
    await dealing
  }

  /** Resolves when no message is dealt with any more. */
  async settled(): Promise<void> {
    while (this.taken.size > 0) await Promise.all(this.taken)
  }

  private async deal(message: Message): Promise<void> {
    const { jobId, newState, preset } = message.attributes
    // Of all that happens to a job, only this is something to do. A filter of the subscription is not relied on.
    if (jobId === undefined || newState !== 'PENDING' || !this.isWanted(preset)) {
      message.ack()
      return
    }
    const { stopRequested } = this.runtime.parts.stop
    const held = await this.running(() => this.work(jobId))
    if (held === undefined) await this.leave(jobId, message)
    // What was stopped before its end is another worker's to do, at once.
    else if (held.signal.aborted && stopRequested.aborted) message.nack()
    else message.ack()
  }

  private isWanted(preset: string | undefined): boolean {
    const { presets } = this.runtime.parts.settings
    return presets === undefined || (preset !== undefined && presets.includes(preset))
  }

  /** Claims the job and works on it to its end; resolves to undefined if it is not to be had. */
  private async work(jobId: string): Promise<HeldJob | undefined> {
    this.runtime.parts.stop.stopRequested.throwIfAborted()
    const begun = await this.claiming(() => this.begin(jobId))
    return begun?.end
  }

  /** Claims the job and begins with it; resolves to its end, or to undefined if the job is not to be had. */
  private async begin(jobId: string): Promise<{ readonly end: Promise<HeldJob> } | undefined> {
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

  /** A job that is not to be had: it is done, or somebody else's, or not due. */
  private async leave(jobId: string, message: Message): Promise<void> {
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
    await sleep(Math.min(NOT_DUE_MS.most, Math.max(NOT_DUE_MS.least, dueInMs)), stop.stopRequested)
    message.nack()
  }

  private giveBack(message: Message, error: unknown): void {
    const { stop } = this.runtime.parts
    if (!stop.stopRequested.aborted) stop.fail(error)
    message.nack()
  }
}
