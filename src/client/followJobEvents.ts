// The entry `jobledger/events`: follows the ledger over HTTP. A stream that breaks is reopened with
// the cursor of the last event, so no event is missed; events in transit may arrive twice.

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
import { type ApiResponse, sendOperation } from './sendOperation.ts'

export type { Token } from './credential.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and these are the exports that a subscriber needs
export { RequestRefusedError } from './requestErrors.ts'

/** A record of the ledger, with the cursor of the position after it. */
export type JobEvent = JobEventsSubscription['jobEvents']

export interface FollowJobEventsOptions {
  /** The full endpoint URL, such as `http://localhost:4000/graphql`. */
  readonly url: string
  /**
   * A token or an API key that may read jobs; unset for an open server. A function returns the
   * current one: it is called for each connection, and once more if the server refuses the result.
   * If it throws, the stream is retried as after an outage.
   */
  readonly token?: Token | undefined
  /** The cursor of an event: the stream starts after it. By default it starts now. */
  readonly after?: string | undefined
  /** Selects events. All by default. */
  readonly filter?: JobEventsSubscriptionVariables['filter'] | undefined
  /** Ends the stream when aborted. */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds without data after which a connection counts as dead and is replaced, 30000 by
   * default. Must be larger than the server's EVENTS_PING_MS.
   */
  readonly silenceMs?: number | undefined
  /** Called when the stream breaks or cannot be opened. It is retried. */
  onInterruption?(error: Error): void
  /** Called when the stream is open again after an interruption. */
  onRecovery?(): void
}

const MAX_BACKOFF_MS = 10_000
const REQUEST_MS = 15_000
/** The credential of a stream that lasts longer was accepted. */
const ACCEPTED_MS = 5000
const SUBSCRIBER: Requester = { name: 'subscriber', needs: 'that may read jobs' }

/**
 * Yields every event at least once, those of one job in order, until the signal is aborted. Reads
 * only as fast as the events are consumed.
 *
 * @throws RequestRefusedError for what no retry fixes: the credential, URL, filter or cursor
 */
export async function* followJobEvents(options: FollowJobEventsOptions): AsyncGenerator<JobEvent, void> {
  const { filter, signal = new AbortController().signal } = options
  const connection = new Connection(options, signal)
  let { after } = options
  for (let failures = 0; !signal.aborted; ) {
    try {
      after ??= await connection.currentCursor()
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
  private hasResponded = false
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

  async currentCursor(): Promise<string> {
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
      onComment: () => this.noteData(),
    })
    for await (const result of results) {
      yield this.dataOf(result).jobEvents
    }
  }

  /** An event shows that the credential was accepted. */
  noteEvent(): void {
    this.renewals = 0
    this.noteData()
  }

  noteInterruption(failure: Error): void {
    this.isInterrupted = true
    this.options.onInterruption?.(failure)
  }

  /** Data shows that the stream is open. */
  private noteData(): void {
    if (!this.isInterrupted) return
    this.isInterrupted = false
    this.options.onRecovery?.()
  }

  /**
   * Whether to try a new token: once for each credential that was accepted before it was refused.
   */
  mayRenew({ code }: RequestRefusedError): boolean {
    if (code !== 'UNAUTHENTICATED' || !this.credential.isRenewable) return false
    if (performance.now() - this.openedAt > ACCEPTED_MS) this.renewals = 0
    this.renewals += 1
    return this.renewals === 1
  }

  failure(error: unknown): Error {
    if (error instanceof RequestRefusedError || error instanceof ServerUnavailableError) return error
    return networkFailure(this.url, error, this.hasResponded, SUBSCRIBER)
  }

  private async headers(signal: AbortSignal): Promise<Record<string, string>> {
    const headers = await this.credential.headers(signal)
    this.openedAt = performance.now()
    return headers
  }

  /** @throws RequestRefusedError, ServerUnavailableError */
  private dataOf<Data>(response: Pick<ApiResponse<Data>, 'data' | 'errors' | 'headers'>): Data {
    const failure = failureOf(this.url, response, SUBSCRIBER)
    if (failure) throw failure
    this.hasResponded = true
    return response.data
  }
}
