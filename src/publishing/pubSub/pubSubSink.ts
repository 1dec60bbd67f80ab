// Publishes the ledger to a Google Cloud Pub/Sub topic: one message for each event, ordered by job.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PubSub, Topic } from '@google-cloud/pubsub'
import { writeJson } from '../../database/rows/exactNumbers.ts'
import type { EventSink, RefusedEvent } from '../eventSink.ts'
import type { LedgerEvent } from '../ledgerEvent.ts'
import { projectOf } from './names.ts'
import { closePubSub, openPubSub } from './openPubSub.ts'
import { type EventMessage, messageFault } from './pubSubLimits.ts'

/** Time limit of a request; failed events are published again. */
const REQUEST_MS = 10_000
/** Time limit of a message, independent of the library. */
const MESSAGE_MS = 60_000
/** gRPC's INVALID_ARGUMENT: the same request always fails. */
const INVALID_ARGUMENT = 3
/** If the broker refuses this many events and accepts none, the events are not at fault. */
const MAX_CONSECUTIVE_REFUSALS = 3
const MAX_REASON_CHARACTERS = 500
/** How long a message waits for others of the same job to be batched with it. */
const BATCH_DELAY_MS = 5

/**
 * `topicName` is the full name, `projects/.../topics/...`. The topic must exist; `jobledger pubsub
 * setup` creates it.
 */
export function createPubSubSink(topicName: string): EventSink {
  let opened: Promise<{ client: PubSub; topic: Topic }> | undefined

  async function open(): Promise<{ client: PubSub; topic: Topic }> {
    const client = await openPubSub(projectOf(topicName))
    const topic = client.topic(topicName, {
      messageOrdering: true,
      batching: { maxMilliseconds: BATCH_DELAY_MS },
      gaxOpts: { timeout: REQUEST_MS, maxRetries: 0 },
    })
    return { client, topic }
  }

  return {
    name: `pubsub:${topicName}`,
    async publish(events) {
      const invalid = events.flatMap((event) => refusal(event, messageFault(messageOf(event))))
      const valid =
        invalid.length === 0 ? events : events.filter((event) => !invalid.some((one) => one.event === event))
      if (valid.length === 0) return invalid
      opened ??= open()
      const { topic } = await opened.catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return [...invalid, ...(await publishTo(topic, valid))]
    },
    async close() {
      const { client } = (await opened?.catch(() => undefined)) ?? {}
      if (client) await closePubSub(client)
    },
  }
}

/**
 * Resolves to permanently refused events.
 *
 * @throws temporary errors of the broker, or if it accepts nothing
 */
async function publishTo(topic: Topic, events: readonly LedgerEvent[]): Promise<RefusedEvent[]> {
  const outcomes = await Promise.allSettled(events.map((event) => accepted(topic, event)))
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
  if (failures.length === 0) return []
  // After a failure the library accepts no more messages of a job until this call.
  for (const jobId of new Set(events.map((event) => event.jobId))) topic.resumePublishing(jobId)
  const temporary = failures.find((error) => !isRefusal(error))
  if (temporary !== undefined) throw temporary
  const failed = events.filter((_, index) => outcomes[index]?.status === 'rejected')
  return await publishAlone(topic, failed, failures.length < events.length)
}

/**
 * Publishes events one by one, in order: one bad message makes the broker refuse a whole request,
 * and the library fails all messages after it. If the broker accepts nothing, the topic is at fault
 * rather than a record: then no event counts as refused.
 */
async function publishAlone(
  topic: Topic,
  events: readonly LedgerEvent[],
  anyAccepted: boolean,
): Promise<RefusedEvent[]> {
  const refused: RefusedEvent[] = []
  let accepts = anyAccepted
  for (const event of events) {
    try {
      await accepted(topic, event)
      accepts = true
    } catch (error) {
      topic.resumePublishing(event.jobId)
      if (!isRefusal(error)) throw error
      refused.push({ event, reason: (error as Error).message.slice(0, MAX_REASON_CHARACTERS) })
      if (!accepts && refused.length === MAX_CONSECUTIVE_REFUSALS) break
    }
  }
  const [first] = refused
  if (accepts || first === undefined) return refused
  throw new Error(`Pub/Sub refuses ${first.event.eventId} and accepts no other event: ${first.reason}`)
}

function isRefusal(error: unknown): boolean {
  return (error as { code?: unknown }).code === INVALID_ARGUMENT
}

function refusal(event: LedgerEvent, reason: string | undefined): RefusedEvent[] {
  return reason === undefined ? [] : [{ event, reason }]
}

/**
 * Resolves when the broker returns the message id. The library has no timeout for some responses,
 * and accepts an empty id.
 */
async function accepted(topic: Topic, event: LedgerEvent): Promise<void> {
  const timer = new AbortController()
  const timeout = sleep(MESSAGE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Pub/Sub did not respond within ${MESSAGE_MS / 1000} s`)
  })
  try {
    const messageId = await Promise.race([topic.publishMessage(messageOf(event)), timeout])
    if (!messageId) throw new Error('Pub/Sub responded without a message id')
  } finally {
    timer.abort()
    timeout.catch(() => undefined)
  }
}

function messageOf(event: LedgerEvent): EventMessage {
  const { eventId, jobId, sequence, previousState, newState, userId, preset } = event
  return {
    data: Buffer.from(writeJson(event)),
    orderingKey: jobId,
    // Attributes cannot be null, so omit those without a value.
    attributes: {
      eventId,
      jobId,
      sequence: String(sequence),
      newState,
      userId,
      ...(previousState !== null && { previousState }),
      ...(preset !== null && { preset }),
    },
  }
}
