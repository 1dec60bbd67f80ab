// Hands the ledger on to a topic of Google Cloud Pub/Sub: a message for each event, ordered by job.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PubSub, Topic } from '@google-cloud/pubsub'
import { writeJson } from '../../database/rows/exactNumbers.ts'
import type { EventSink, RefusedEvent } from '../eventSink.ts'
import type { LedgerEvent } from '../ledgerEvent.ts'
import { projectOf } from './names.ts'
import { closePubSub, openPubSub } from './openPubSub.ts'
import { type EventMessage, messageFault } from './pubSubLimits.ts'

/** A request to the broker has so long; what failed is handed over again. */
const REQUEST_MS = 10_000
/** A message has so long, whatever the library does. */
const MESSAGE_MS = 60_000
/** INVALID_ARGUMENT of gRPC: the same request will always fail. */
const REFUSAL = 3
/** When the broker has refused so many events and accepted none, the fault is not theirs. */
const MAX_REFUSED_IN_A_ROW = 3
const MAX_REASON_CHARACTERS = 500
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
      const unfit = events.flatMap((event) => refusal(event, messageFault(messageOf(event))))
      const fit = unfit.length === 0 ? events : events.filter((event) => !unfit.some((one) => one.event === event))
      if (fit.length === 0) return unfit
      opened ??= open()
      const { topic } = await opened.catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return [...unfit, ...(await publishTo(topic, fit))]
    },
    async close() {
      const { client } = (await opened?.catch(() => undefined)) ?? {}
      if (client) await closePubSub(client)
    },
  }
}

/** Resolves to the events that the broker refuses for good. @throws what the broker answers for now, or if it accepts nothing */
async function publishTo(topic: Topic, events: readonly LedgerEvent[]): Promise<RefusedEvent[]> {
  const outcomes = await Promise.allSettled(events.map((event) => accepted(topic, event)))
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
  if (failures.length === 0) return []
  // After a failure the library takes no more messages of a job until this is called.
  for (const jobId of new Set(events.map((event) => event.jobId))) topic.resumePublishing(jobId)
  const passing = failures.find((error) => !isRefusal(error))
  if (passing !== undefined) throw passing
  const failed = events.filter((_, index) => outcomes[index]?.status === 'rejected')
  return await publishAlone(topic, failed, failures.length < events.length)
}

/**
 * Publishes events one by one, in order: the broker refuses a whole request for one message, and the library all that follow it. A broker that
 * accepts nothing is wrong about the topic, not about a record: then nothing is refused.
 */
async function publishAlone(
  topic: Topic,
  events: readonly LedgerEvent[],
  somethingWasAccepted: boolean,
): Promise<RefusedEvent[]> {
  const refused: RefusedEvent[] = []
  let works = somethingWasAccepted
  for (const event of events) {
    try {
      await accepted(topic, event)
      works = true
    } catch (error) {
      topic.resumePublishing(event.jobId)
      if (!isRefusal(error)) throw error
      refused.push({ event, reason: (error as Error).message.slice(0, MAX_REASON_CHARACTERS) })
      if (!works && refused.length === MAX_REFUSED_IN_A_ROW) break
    }
  }
  const [first] = refused
  if (works || first === undefined) return refused
  throw new Error(`Pub/Sub refuses ${first.event.eventId}, and has accepted nothing beside it: ${first.reason}`)
}

function isRefusal(error: unknown): boolean {
  return (error as { code?: unknown }).code === REFUSAL
}

function refusal(event: LedgerEvent, reason: string | undefined): RefusedEvent[] {
  return reason === undefined ? [] : [{ event, reason }]
}

/** Resolves when the broker has named the message. The library alone would wait for ever for some answers, and take an empty one for good. */
async function accepted(topic: Topic, event: LedgerEvent): Promise<void> {
  const late = new AbortController()
  const timeout = sleep(MESSAGE_MS, undefined, { signal: late.signal }).then(() => {
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

function messageOf(event: LedgerEvent): EventMessage {
  const { eventId, jobId, sequence, previousState, newState, userId, preset } = event
  return {
    data: Buffer.from(writeJson(event)),
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
