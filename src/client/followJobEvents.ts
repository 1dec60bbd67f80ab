// The entry `jobledger/events`: follows the ledger over HTTP, for as long as it takes. A stream that breaks is opened again with the
// cursor of the last event, so nothing is missed; what was on its way may come twice.
import { pause, waitAfter } from './backoff.ts'
import {
  EventCursorDocument,
  type EventCursorQuery,
  JobEventsDocument,
  type JobEventsSubscription,
  type JobEventsSubscriptionVariables,
} from './documents.generated.ts'
import { openSubscription } from './openSubscription.ts'
import {
  failureOf,
  failureWithoutAnswer,
  type Requester,
  RequestRefusedError,
  ServerAwayError,
} from './requestErrors.ts'
import { type Answer, sendOperation } from './sendOperation.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and this is what those who follow the ledger need of it
export { RequestRefusedError } from './requestErrors.ts'

/** A line of the ledger, and where its reader stands after it. */
export type JobEvent = JobEventsSubscription['jobEvents']

export interface FollowJobEventsOptions {
  /** The whole endpoint, such as `http://localhost:4000/graphql`. */
  readonly url: string
  /** A token or an API key that may read jobs; none for an open server. */
  readonly token?: string | undefined
  /** The cursor of an event: first everything behind it. By default from now on. */
  readonly after?: string | undefined
  /** Which events; all by default. */
  readonly filter?: JobEventsSubscriptionVariables['filter'] | undefined
  /** Ends it when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /**
   * A connection on which nothing comes for this long is taken for dead, and replaced: in milliseconds, 30,000 by default. More than the
   * server's EVENTS_PING_MS.
   */
  readonly silenceMs?: number | undefined
  /** Told when the stream broke, or could not be opened; it is tried again. */
  onInterruption?(error: Error): void
}

const LONGEST_PAUSE_MS = 10_000
const REQUEST_MS = 15_000
const SUBSCRIBER: Requester = { name: 'subscriber', needs: 'that may read jobs' }

/**
 * Every event, those of one job in their order, each at least once. Ends when the signal is aborted. Reads at the pace of whoever takes
 * the events.
 *
 * @throws RequestRefusedError for what no retry mends: the credential, the address, the filter, the cursor
 */
export async function* followJobEvents(options: FollowJobEventsOptions): AsyncGenerator<JobEvent, void> {
  const { filter, onInterruption, signal = new AbortController().signal } = options
  const connection = new Connection(options, signal)
  let { after } = options
  for (let failures = 0; !signal.aborted; ) {
    try {
      after ??= await connection.cursorOfNow()
      for await (const event of connection.events({ after, filter: filter ?? null })) {
        failures = 0
        after = event.cursor
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      const failure = connection.failure(error)
      if (failure instanceof RequestRefusedError) throw failure
      onInterruption?.(failure)
      failures += 1
      await pause(waitAfter(failures, failure, LONGEST_PAUSE_MS), signal).catch(() => undefined)
    }
  }
}

class Connection {
  private readonly url: string
  private readonly headers: Readonly<Record<string, string>>
  private readonly signal: AbortSignal
  private readonly silenceMs: number | undefined
  private hasAnswered = false

  constructor({ url, token, silenceMs }: FollowJobEventsOptions, signal: AbortSignal) {
    this.url = url
    this.silenceMs = silenceMs
    this.headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    this.signal = signal
  }

  async cursorOfNow(): Promise<string> {
    const query = EventCursorDocument.toString()
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_MS)])
    return this.dataOf(await sendOperation<EventCursorQuery>(this.url, { query }, this.headers, signal)).eventCursor
  }

  async *events(variables: JobEventsSubscriptionVariables): AsyncGenerator<JobEvent, void> {
    const { url, headers, signal, silenceMs } = this
    const operation = { query: JobEventsDocument.toString(), variables }
    const results = await openSubscription<JobEventsSubscription>(url, operation, { headers, signal, silenceMs })
    for await (const result of results) {
      yield this.dataOf(result).jobEvents
    }
  }

  failure(error: unknown): Error {
    if (error instanceof RequestRefusedError || error instanceof ServerAwayError) return error
    return failureWithoutAnswer(this.url, error, this.hasAnswered, SUBSCRIBER)
  }

  /** @throws RequestRefusedError, ServerAwayError */
  private dataOf<Data>(answer: Pick<Answer<Data>, 'data' | 'errors' | 'headers'>): Data {
    const failure = failureOf(this.url, answer, SUBSCRIBER)
    if (failure) throw failure
    this.hasAnswered = true
    return answer.data
  }
}
