// Creates the topic of the publisher and optionally a subscription, with the settings that ordered
// delivery needs.
import type { PubSub } from '@google-cloud/pubsub'
import { projectOf } from './names.ts'
import { closePubSub, openPubSub } from './openPubSub.ts'

/** Set-up failed. The message is complete: print it without a stack trace. */
export class PubSubSetUpError extends Error {
  override readonly name = 'PubSubSetUpError'
}

export interface PubSubNames {
  /** Full name. */
  readonly topic: string
  readonly subscription?: string | undefined
}

/**
 * Seconds before an unacknowledged message is redelivered; the client library extends this by
 * itself.
 */
const ACK_SECONDS = 60
/** Seconds before a returned message is redelivered, growing with each attempt. */
const RETRY_SECONDS = { min: 10, max: 600 }
/** Retention of unacknowledged messages. */
const RETENTION_SECONDS = 7 * 86_400
/** Options of each request: a time limit and no retry. */
const CALL = { timeout: 10_000, maxRetries: 0 }
/** Maximum length of an error message: the library may repeat one failure twenty times. */
const MAX_CHARACTERS = 300
/** gRPC status. */
const ALREADY_EXISTS = 6

/**
 * Resolves to one sentence for each step. Existing objects are not changed.
 *
 * @throws PubSubSetUpError
 */
export async function setUpPubSub({ topic, subscription }: PubSubNames): Promise<string[]> {
  const client = await openPubSub(projectOf(topic)).catch(rethrowReadable)
  try {
    const steps = [await createTopic(client, topic)]
    if (subscription !== undefined) steps.push(await createSubscription(client, topic, subscription))
    return steps
  } catch (error) {
    return rethrowReadable(error)
  } finally {
    await closePubSub(client)
  }
}

/** gRPC statuses DEADLINE_EXCEEDED and UNAVAILABLE. */
const UNAVAILABLE: readonly unknown[] = [4, 14]

function rethrowReadable(error: unknown): never {
  if (error instanceof PubSubSetUpError) throw error
  const { code, message } = error as { code?: unknown; message: string }
  const [sentence = ''] = message.split('\n')
  const what = UNAVAILABLE.includes(code) ? 'Pub/Sub does not respond' : 'Pub/Sub set-up failed'
  throw new PubSubSetUpError(`${what}: ${sentence.slice(0, MAX_CHARACTERS)}`, { cause: error })
}

async function createTopic(client: PubSub, name: string): Promise<string> {
  return (await isNew(client.createTopic(name, CALL)))
    ? `Created the topic ${name}.`
    : `The topic ${name} already exists.`
}

async function createSubscription(client: PubSub, topic: string, name: string): Promise<string> {
  const request = client.createSubscription(topic, name, {
    enableMessageOrdering: true,
    ackDeadlineSeconds: ACK_SECONDS,
    messageRetentionDuration: { seconds: RETENTION_SECONDS },
    retryPolicy: { minimumBackoff: { seconds: RETRY_SECONDS.min }, maximumBackoff: { seconds: RETRY_SECONDS.max } },
    // Never expires: a consumer may be offline for a month.
    expirationPolicy: {},
    gaxOpts: CALL,
  })
  if (await isNew(request)) return `Created the subscription ${name}.`
  const [{ enableMessageOrdering, topic: its }] = await client.subscription(name).getMetadata(CALL)
  if (its !== topic) throw new PubSubSetUpError(`The subscription ${name} already exists for another topic: ${its}.`)
  if (!enableMessageOrdering) {
    throw new PubSubSetUpError(
      `The subscription ${name} already exists without message ordering, which cannot be ` +
        'changed: delete it or choose another name.',
    )
  }
  return `The subscription ${name} already exists.`
}

async function isNew(request: Promise<unknown>): Promise<boolean> {
  try {
    await request
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return false
    throw error
  }
}
