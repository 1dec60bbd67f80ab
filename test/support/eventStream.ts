// A test client that subscribes to events and waits for a number of them.
import { openSubscription } from '../../src/client/openSubscription.ts'
import {
  EventsOfDocument,
  type EventsOfSubscription,
  type EventsOfSubscriptionVariables,
} from '../client/documents.generated.ts'
import { eventually } from './eventually.ts'
import type { TestServer } from './server.ts'

export type HeardEvent = EventsOfSubscription['jobEvents']

export interface EventStream {
  /** The events received so far. */
  readonly events: HeardEvent[]
  /** The errors received so far. */
  readonly errors: { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[]
  /**
   * Resolves when the stream ends: to undefined if it is complete, else to the error that broke it.
   */
  readonly ended: Promise<unknown>
  /** Resolves to all events when at least `count` were received. */
  heard(count: number): Promise<HeardEvent[]>
  close(): Promise<void>
}

/** Resolves when the server has responded. From then on the stream misses no event. */
export async function openEventStream(
  { url }: Pick<TestServer, 'url'>,
  variables: Partial<EventsOfSubscriptionVariables> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const stop = new AbortController()
  const operation = { query: EventsOfDocument.toString(), variables }
  const results = await openSubscription<EventsOfSubscription>(`${url}/graphql`, operation, {
    headers,
    signal: stop.signal,
  })
  const stream = { events: [] as HeardEvent[], errors: [] as EventStream['errors'] }
  const listen = async (): Promise<void> => {
    for await (const { data, errors } of results) {
      if (errors) stream.errors.push(...errors)
      else stream.events.push(data.jobEvents)
    }
  }
  const ended = listen().catch((error: unknown) => error)
  return {
    ...stream,
    ended,
    heard: (count) =>
      eventually(() => {
        if (stream.events.length < count) throw new Error(`Received ${stream.events.length} of ${count} events.`)
        return stream.events
      }),
    async close() {
      stop.abort()
      await ended
    },
  }
}

/** The job and the sequence of an event. */
export function stepOf({ record }: HeardEvent): string {
  return `${record.job.jobId} ${record.sequence}`
}
