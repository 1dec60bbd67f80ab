// A subscription as our own clients hear it: GraphQL over server-sent events, in the mode of the protocol in which each operation has a
// connection of its own (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode").
import { type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestByTls } from 'node:https'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { GraphQLFormattedError } from 'graphql'
import { graphQLResponse, NotGraphQLResponseError, type Operation } from './sendOperation.ts'

const EVENTS = 'text/event-stream'

/** One result of a subscription. `data` is typed as if all went well: look at `errors` first. */
export interface StreamedResult<Data> {
  readonly headers: Headers
  readonly data: Data
  readonly errors?: readonly GraphQLFormattedError[]
}

/** The stream ended in the middle, or was silent for too long. */
class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError'
}

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** A connection on which nothing comes for this long, not even a sign of life, is taken for dead. 30 s by default. */
  readonly silenceMs?: number | undefined
  /** Called for each sign of life of the server: the first comes as soon as the stream is open. */
  readonly onComment?: (() => void) | undefined
}

interface Reading extends Pick<StreamOptions, 'signal' | 'onComment'> {
  readonly silenceMs: number
}

/** Servers send a sign of life every 12 s, or as EVENTS_PING_MS says, which is 20 s at most. */
const SILENCE_MS = 30_000
/** An answer begins at once. */
const MAX_ANSWER_MS = 15_000

/**
 * Resolves when the server has answered, to the results of the subscription until the server says that it is complete. They are read from
 * the connection at the pace of whoever takes them; whoever takes no more must end the iteration.
 *
 * The connection is always a new one: of those that a pool keeps, any may be dead since the last one broke.
 *
 * @throws what node:http fails with; while the results are read NoApiAnswerError and StreamBrokenError
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
  const request = endpoint.startsWith('https:') ? requestByTls : requestPlainly
  const outgoing = request(endpoint, { method: 'POST', agent: false, signal, headers: { ...own, ...headers } })
  const ms = Math.min(MAX_ANSWER_MS, silenceMs)
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
  throw new StreamBrokenError('the stream ended in the middle')
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

/** What comes. Silence counts only while it is waited for. */
async function* textsOf(incoming: IncomingMessage, { silenceMs }: Reading): AsyncGenerator<string, void> {
  const texts = incoming.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>
  for (;;) {
    const timer = setTimeout(() => incoming.destroy(silent(silenceMs)), silenceMs)
    const text = await texts.next().finally(() => clearTimeout(timer))
    if (text.done) return
    yield text.value
  }
}

/** What a server sends that refuses the operation. */
async function onlyResult<Data>(
  endpoint: string,
  incoming: IncomingMessage,
  reading: Reading,
): Promise<StreamedResult<Data>> {
  const headers = headersOf(incoming)
  let text = ''
  for await (const part of textsOf(incoming, reading)) text += part
  const result = graphQLResponse<Data>(text)
  if (result === undefined)
    throw new NotGraphQLResponseError(endpoint, { status: incoming.statusCode ?? 0, headers }, text)
  return { ...result, headers }
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]))
}

function silent(ms: number): Error {
  return new Error(`nothing came for ${ms / 1000} s`)
}
