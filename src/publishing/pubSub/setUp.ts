// Makes the topic that the ledger is handed on to, and a subscription to it, as the order of events and their consumers need them.
import type { PubSub } from '@google-cloud/pubsub'
import { projectOf } from './names.ts'
import { closePubSub, openPubSub } from './openPubSub.ts'

/** What is there cannot be used. The message is complete: print it without a stack trace. */
export class PubSubSetUpError extends Error {
  override readonly name = 'PubSubSetUpError'
}

export interface PubSubNames {
  /** Whole names. */
  readonly topic: string
  readonly subscription?: string | undefined
}

/** A consumer has so long before its message comes again, unless it asks for more; the library asks by itself. */
const ACK_SECONDS = 60
/** A message that was given back comes again after so long, later each time. */
const RETRY_SECONDS = { least: 10, most: 600 }
/** Messages that nobody takes are kept so long. */
const KEPT_SECONDS = 7 * 86_400
/** A request has so long; it is not sent again. */
const CALL = { timeout: 10_000, maxRetries: 0 }
/** Of a message of the library, which may repeat one failure twenty times. */
const MAX_CHARACTERS = 300
/** Of gRPC. */
const ALREADY_EXISTS = 6

/** What there was to do, a sentence for each. What exists is left as it is. @throws PubSubSetUpError */
export async function setUpPubSub({ topic, subscription }: PubSubNames): Promise<string[]> {
  const client = await openPubSub(projectOf(topic)).catch(userMessage)
  try {
    const made = [await makeTopic(client, topic)]
    if (subscription !== undefined) made.push(await makeSubscription(client, topic, subscription))
    return made
  } catch (error) {
    return userMessage(error)
  } finally {
    await closePubSub(client)
  }
}

/** Of gRPC: the broker was not reached, or did not answer in time. */
const NOT_REACHED: readonly unknown[] = [4, 14]

function userMessage(error: unknown): never {
  if (error instanceof PubSubSetUpError) throw error
  const { code, message } = error as { code?: unknown; message: string }
  const [sentence = ''] = message.split('\n')
  const what = NOT_REACHED.includes(code) ? 'Pub/Sub does not answer' : 'Pub/Sub cannot be used'
  throw new PubSubSetUpError(`${what}: ${sentence.slice(0, MAX_CHARACTERS)}`, { cause: error })
}

async function makeTopic(client: PubSub, name: string): Promise<string> {
  return (await isNew(client.createTopic(name, CALL))) ? `Made the topic ${name}.` : `The topic ${name} exists.`
}

async function makeSubscription(client: PubSub, topic: string, name: string): Promise<string> {
  const making = client.createSubscription(topic, name, {
    enableMessageOrdering: true,
    ackDeadlineSeconds: ACK_SECONDS,
    messageRetentionDuration: { seconds: KEPT_SECONDS },
    retryPolicy: { minimumBackoff: { seconds: RETRY_SECONDS.least }, maximumBackoff: { seconds: RETRY_SECONDS.most } },
    // Never: a consumer may be away for a month.
    expirationPolicy: {},
    gaxOpts: CALL,
  })
  if (await isNew(making)) return `Made the subscription ${name}.`
  const [{ enableMessageOrdering, topic: its }] = await client.subscription(name).getMetadata(CALL)
  if (its !== topic) throw new PubSubSetUpError(`The subscription ${name} exists, and is of another topic: ${its}.`)
  if (!enableMessageOrdering) {
    throw new PubSubSetUpError(
      `The subscription ${name} exists, and does not keep the order of messages; that cannot be changed: remove it, or choose another name.`,
    )
  }
  return `The subscription ${name} exists.`
}

async function isNew(making: Promise<unknown>): Promise<boolean> {
  try {
    await making
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return false
    throw error
  }
}
