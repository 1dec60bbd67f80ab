// A GraphQL subscription over server-sent events, one connection per operation
// (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode").
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { GraphQLFormattedError } from 'graphql'
import { graphQLResponse, NotGraphQLResponseError, type Operation } from './sendOperation.ts'

const EVENTS = 'text/event-stream'

/**
 * One result of a subscription. Check `errors` first: `data` is typed as if the request succeeded.
 */
export interface StreamedResult<Data> {
  readonly headers: Headers
  readonly data: Data
  readonly errors?: readonly GraphQLFormattedError[]
}

/** The stream ended before it was complete, or was silent for too long. */
class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError'
}

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /**
   * Milliseconds without data, not even a ping, after which a connection counts as dead. 30000 by
   * default.
   */
  readonly silenceMs?: number | undefined
  /** Called for each ping of the server; the first arrives as soon as the stream is open. */
  readonly onComment?: (() => void) | undefined
}

interface Reading extends Pick<StreamOptions, 'signal' | 'onComment'> {
  readonly silenceMs: number
}

/** Servers send a ping every 12 s, or as EVENTS_PING_MS says, every 20 s at most. */
const SILENCE_MS = 30_000
/** Time limit for the response headers. */
const RESPONSE_TIMEOUT_MS = 15_000

/**
 * Resolves when the server responds, to the results until the server completes the subscription.
 * They are read only as fast as they are consumed. End the iteration to close the connection.
 *
 * Always opens a new connection: any connection of a pool may be dead after the last one broke.
 *
 * @throws errors of node:http; during iteration NotGraphQLResponseError and StreamBrokenError
 */
export async function openSubscription<Data>(
  endpoint: string,
  operation: Operation,
  { headers, signal, silenceMs = SILENCE_MS, onComment }: StreamOptions,
): Promise<AsyncGenerator<StreamedResult<Data>, void>> {
  signal.throwIfAborted()
  const incoming = await send(endpoint, operation, { headers, signal, silenceMs })
  return resultsOf<Data>(endpoint, incoming, { signal, silenceMs, onComment })
}

function send(
  endpoint: string,
  operation: Operation,
  { headers, signal, silenceMs }: StreamOptions & Reading,
): Promise<IncomingMessage> {
  const body = JSON.stringify(operation)
  const own = { 'content-type': 'application/json', accept: EVENTS, 'content-length': Buffer.byteLength(body) }
  const request = endpoint.startsWith('https:') ? requestHttps : requestHttp
  const outgoing = request(endpoint, { method: 'POST', agent: false, signal, headers: { ...own, ...headers } })
  const ms = Math.min(RESPONSE_TIMEOUT_MS, silenceMs)
  const timer = setTimeout(() => outgoing.destroy(silent(ms)), ms)
  return new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).on('error', reject).end(body)
  }).finally(() => clearTimeout(timer))
}

async function* resultsOf<Data>(
  endpoint: string,
  incoming: IncomingMessage,
  reading: Reading,
): AsyncGenerator<StreamedResult<Data>, void> {
  const headers = headersOf(incoming)
  try {
    if (!headers.get('content-type')?.startsWith(EVENTS)) {
      yield await onlyResult<Data>(endpoint, incoming, reading)
      return
    }
    for await (const { event, data } of messagesOf(incoming, reading)) {
      if (event === 'complete') return
      if (event === 'next') yield { ...(JSON.parse(data) as { data: Data }), headers }
    }
  } catch (cause) {
    reading.signal.throwIfAborted()
    throw cause instanceof NotGraphQLResponseError ? cause : new StreamBrokenError('the stream broke', { cause })
  } finally {
    incoming.destroy()
  }
  throw new StreamBrokenError('the stream ended before it was complete')
}

async function* messagesOf(incoming: IncomingMessage, reading: Reading): AsyncGenerator<EventSourceMessage, void> {
  let messages: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (message) => void messages.push(message),
    onComment: () => reading.onComment?.(),
  })
  for await (const text of textsOf(incoming, reading)) {
    parser.feed(text)
    yield* messages
    messages = []
  }
}

/** Chunks of text. Silence counts only while the caller waits. */
async function* textsOf(incoming: IncomingMessage, { silenceMs }: Reading): AsyncGenerator<string, void> {
  const texts = incoming.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>
  for (;;) {
    const timer = setTimeout(() => incoming.destroy(silent(silenceMs)), silenceMs)
    const text = await texts.next().finally(() => clearTimeout(timer))
    if (text.done) return
    yield text.value
  }
}

/** The single JSON result with which a server refuses an operation. */
async function onlyResult<Data>(
  endpoint: string,
  incoming: IncomingMessage,
  reading: Reading,
): Promise<StreamedResult<Data>> {
  const headers = headersOf(incoming)
  let text = ''
  for await (const chunk of textsOf(incoming, reading)) text += chunk
  const result = graphQLResponse<Data>(text)
  if (result === undefined)
    throw new NotGraphQLResponseError(endpoint, { status: incoming.statusCode ?? 0, headers }, text)
  return { ...result, headers }
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]))
}

function silent(ms: number): Error {
  return new Error(`nothing was received for ${ms / 1000} s`)
}
