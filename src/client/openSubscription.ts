// A subscription as our own clients hear it: GraphQL over server-sent events, in the mode of the protocol in which each operation has a
// connection of its own (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode").
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { GraphQLFormattedError } from 'graphql'
import { graphQLResponse, NoApiAnswerError, type Operation } from './sendOperation.ts'

/** One result of a subscription. `data` is typed as if all went well: look at `errors` first. */
export interface StreamedResult<Data> {
  readonly headers: Headers
  readonly data: Data
  readonly errors?: readonly GraphQLFormattedError[]
}

/** The stream ended in the middle, or nothing came for so long that nobody can be there: the server sends a sign of life every 12 s. */
class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError'
}

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Nothing for so long, not even a sign of life: the connection is dead. */
const SILENCE_MS = 40_000

/**
 * Resolves when the server has answered, to the results of the subscription until the server says that it is complete. They are read from
 * the connection at the pace of whoever takes them; whoever takes no more must end the iteration.
 *
 * @throws what `fetch` rejects with; while the results are read NoApiAnswerError and StreamBrokenError
 */
export async function openSubscription<Data>(
  endpoint: string,
  operation: Operation,
  { headers, signal }: StreamOptions,
): Promise<AsyncGenerator<StreamedResult<Data>, void>> {
  const silence = new Silence()
  const whole = AbortSignal.any([signal, silence.signal])
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify(operation),
      signal: whole,
    })
    return resultsOf<Data>(endpoint, response, { silence, signal })
  } catch (error) {
    silence.end()
    throw error
  }
}

async function* resultsOf<Data>(
  endpoint: string,
  response: Response,
  { silence, signal }: { silence: Silence; signal: AbortSignal },
): AsyncGenerator<StreamedResult<Data>, void> {
  try {
    if (response.body === null || !isEventStream(response)) {
      yield await onlyResult<Data>(endpoint, response)
      return
    }
    const messages = response.body
      .pipeThrough(silence.watch())
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of messages) {
      if (event === 'complete') return
      if (event === 'next') yield { ...(JSON.parse(data) as { data: Data }), headers: response.headers }
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw cause instanceof NoApiAnswerError ? cause : new StreamBrokenError('the stream broke', { cause })
  } finally {
    silence.end()
  }
  throw new StreamBrokenError('the stream ended in the middle')
}

/** What a server sends that refuses the operation. */
async function onlyResult<Data>(endpoint: string, response: Response): Promise<StreamedResult<Data>> {
  const text = await response.text()
  const result = graphQLResponse<Data>(text)
  if (result === undefined) throw new NoApiAnswerError(endpoint, response, text)
  return { ...result, headers: response.headers }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false
}

/** Aborted when nothing has come for too long, while somebody waits for something. */
class Silence {
  private readonly controller = new AbortController()
  private timer: NodeJS.Timeout | undefined

  constructor() {
    this.begin()
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  watch(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.begin()
        controller.enqueue(chunk)
      },
    })
  }

  end(): void {
    clearTimeout(this.timer)
    this.controller.abort()
  }

  private begin(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(
      () => this.controller.abort(new Error(`nothing came for ${SILENCE_MS / 1000} s`)),
      SILENCE_MS,
    )
  }
}
