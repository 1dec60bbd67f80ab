// The entry `jobledger/events`: follows the ledger over HTTP, for as long as it takes. A stream that breaks is opened again with the
// cursor of the last event, so nothing is missed; what was on its way may come twice.

import { backoffMs, sleep } from './backoff.ts'
import { Credential, type Token } from './credential.ts'
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
  networkFailure,
  type Requester,
  RequestRefusedError,
  ServerUnavailableError,
} from './requestErrors.ts'
import { type Answer, sendOperation } from './sendOperation.ts'

export type { Token } from './credential.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and this is what those who follow the ledger need of it
export { RequestRefusedError } from './requestErrors.ts'

/** A line of the ledger, and where its reader stands after it. */
export type JobEvent = JobEventsSubscription['jobEvents']

export interface FollowJobEventsOptions {
  /** The whole endpoint, such as `http://localhost:4000/graphql`. */
  readonly url: string
  /**
   * A token or an API key that may read jobs; none for an open server. A function returns the current one: it is called for each
   * connection, and once more when the server refuses what it returned. What it throws is retried, as an outage is.
   */
  readonly token?: Token | undefined
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
  /** Called when the stream is open again after an interruption. */
  onRecovery?(): void
}

const MAX_BACKOFF_MS = 10_000
const REQUEST_MS = 15_000
/** A stream that lasts longer was opened with a credential that was accepted. */
const ACCEPTED_MS = 5000
const SUBSCRIBER: Requester = { name: 'subscriber', needs: 'that may read jobs' }

/**
 * Every event, those of one job in their order, each at least once. Ends when the signal is aborted. Reads at the pace of whoever takes
 * the events.
 *
 * @throws RequestRefusedError for what no retry mends: the credential, the address, the filter, the cursor
 */
export async function* followJobEvents(options: FollowJobEventsOptions): AsyncGenerator<JobEvent, void> {
  const { filter, signal = new AbortController().signal } = options
  const connection = new Connection(options, signal)
  let { after } = options
  for (let failures = 0; !signal.aborted; ) {
    try {
      after ??= await connection.cursorOfNow()
      for await (const event of connection.events({ after, filter: filter ?? null })) {
        failures = 0
        connection.noteEvent()
        after = event.cursor
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      const failure = connection.failure(error)
      if (!(failure instanceof RequestRefusedError)) connection.noteInterruption(failure)
      else if (!connection.mayRenew(failure)) throw failure
      failures += 1
      await sleep(backoffMs(failures, failure, MAX_BACKOFF_MS), signal).catch(() => undefined)
    }
  }
}

class Connection {
  private readonly url: string
  private readonly credential: Credential
  private readonly signal: AbortSignal
  private readonly silenceMs: number | undefined
  private readonly options: FollowJobEventsOptions
  private hasAnswered = false
  private isInterrupted = false
  private openedAt = Number.NaN
  private renewals = 0

  constructor(options: FollowJobEventsOptions, signal: AbortSignal) {
    const { url, token, silenceMs } = options
    this.options = options
    this.url = url
    this.silenceMs = silenceMs
    this.credential = new Credential(token)
    this.signal = signal
  }

  async cursorOfNow(): Promise<string> {
    const query = EventCursorDocument.toString()
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_MS)])
    const headers = await this.headers(signal)
    return this.dataOf(await sendOperation<EventCursorQuery>(this.url, { query }, headers, signal)).latestEventCursor
  }

  async *events(variables: JobEventsSubscriptionVariables): AsyncGenerator<JobEvent, void> {
    const { url, signal, silenceMs } = this
    const headers = await this.headers(AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]))
    const operation = { query: JobEventsDocument.toString(), variables }
    const results = await openSubscription<JobEventsSubscription>(url, operation, {
      headers,
      signal,
      silenceMs,
      onComment: () => this.noteLife(),
    })
    for await (const result of results) {
      yield this.dataOf(result).jobEvents
    }
  }

  /** The credential was accepted. */
  noteEvent(): void {
    this.renewals = 0
    this.noteLife()
  }

  noteInterruption(failure: Error): void {
    this.isInterrupted = true
    this.options.onInterruption?.(failure)
  }

  /** The stream is open. */
  private noteLife(): void {
    if (!this.isInterrupted) return
    this.isInterrupted = false
    this.options.onRecovery?.()
  }

  /** Whether a new token may help: one is tried each time a credential that was accepted is refused. */
  mayRenew({ code }: RequestRefusedError): boolean {
    if (code !== 'UNAUTHENTICATED' || !this.credential.isRenewable) return false
    if (performance.now() - this.openedAt > ACCEPTED_MS) this.renewals = 0
    this.renewals += 1
    return this.renewals === 1
  }

  failure(error: unknown): Error {
    if (error instanceof RequestRefusedError || error instanceof ServerUnavailableError) return error
    return networkFailure(this.url, error, this.hasAnswered, SUBSCRIBER)
  }

  private async headers(signal: AbortSignal): Promise<Record<string, string>> {
    const headers = await this.credential.headers(signal)
    this.openedAt = performance.now()
    return headers
  }

  /** @throws RequestRefusedError, ServerAwayError */
  private dataOf<Data>(answer: Pick<Answer<Data>, 'data' | 'errors' | 'headers'>): Data {
    const failure = failureOf(this.url, answer, SUBSCRIBER)
    if (failure) throw failure
    this.hasAnswered = true
    return answer.data
  }
}
