// A subscriber of a test: hears what a server sends, and tells when it has heard enough.
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
  /** What was heard up to now. */
  readonly events: HeardEvent[]
  /** The errors that came. */
  readonly errors: { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[]
  /** Resolves when the stream ends: to undefined if the server says that it is complete, else to why it broke. */
  readonly ended: Promise<unknown>
  /** Resolves to all events when there are so many. */
  heard(count: number): Promise<HeardEvent[]>
  close(): Promise<void>
}

/** Resolves when the server has answered: from then on it misses nothing. */
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
        if (stream.events.length < count) throw new Error(`${stream.events.length} of ${count} events came.`)
        return stream.events
      }),
    async close() {
      stop.abort()
      await ended
    },
  }
}

/** Which step of which job an event tells of. */
export function stepOf({ record }: HeardEvent): string {
  return `${record.job.jobId} ${record.sequence}`
}
