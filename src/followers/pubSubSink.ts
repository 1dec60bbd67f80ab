// Hands the ledger on to a topic of Google Cloud Pub/Sub: a message for each event, ordered by job.
import { setTimeout as delay } from 'node:timers/promises'
import type { PubSub, Topic } from '@google-cloud/pubsub'
import { projectOf } from '../pubSub/names.ts'
import { closePubSub, openPubSub } from '../pubSub/openPubSub.ts'
import type { EventSink } from './eventSink.ts'
import type { LedgerEvent } from './ledgerEvent.ts'

/** A request to the broker has so long; what failed is handed over again. */
const REQUEST_MS = 10_000
/** A message has so long, whatever the library does. */
const MESSAGE_MS = 60_000
/** How long a message waits for others of the same job. */
const GATHER_MS = 5

/** `topicName` is the whole name: `projects/.../topics/...`. The topic must exist: `jobledger pubsub setup` makes it. */
export function createPubSubSink(topicName: string): EventSink {
  let opened: Promise<{ client: PubSub; topic: Topic }> | undefined

  async function open(): Promise<{ client: PubSub; topic: Topic }> {
    const client = await openPubSub(projectOf(topicName))
    const topic = client.topic(topicName, {
      messageOrdering: true,
      batching: { maxMilliseconds: GATHER_MS },
      gaxOpts: { timeout: REQUEST_MS, maxRetries: 0 },
    })
    return { client, topic }
  }

  return {
    name: `pubsub:${topicName}`,
    async publish(events) {
      opened ??= open()
      const { topic } = await opened.catch((error: unknown) => {
        opened = undefined
        throw error
      })
      const outcomes = await Promise.allSettled(events.map((event) => accepted(topic, event)))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed === undefined) return
      // After a failure the library takes no more messages of a job until it is told to.
      for (const jobId of new Set(events.map((event) => event.jobId))) topic.resumePublishing(jobId)
      throw failed.reason
    },
    async close() {
      const { client } = (await opened?.catch(() => undefined)) ?? {}
      if (client) await closePubSub(client)
    },
  }
}

/** Resolves when the broker has named the message. The library alone would wait for ever for some answers, and take an empty one for good. */
async function accepted(topic: Topic, event: LedgerEvent): Promise<void> {
  const late = new AbortController()
  const timeout = delay(MESSAGE_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`Pub/Sub has not answered within ${MESSAGE_MS / 1000} s`)
  })
  try {
    const messageId = await Promise.race([topic.publishMessage(messageOf(event)), timeout])
    if (!messageId) throw new Error('Pub/Sub has answered without naming the message')
  } finally {
    late.abort()
    timeout.catch(() => undefined)
  }
}

function messageOf(event: LedgerEvent) {
  const { eventId, jobId, sequence, previousState, newState, userId, preset } = event
  return {
    json: event,
    orderingKey: jobId,
    // An attribute is never null: one that has no value is left out.
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
