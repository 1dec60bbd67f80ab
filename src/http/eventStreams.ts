// Results as server-sent events, with one connection for each operation
// (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode"). Yoga's own
// implementation buffers dozens of kilobytes for a client that does not read, and never closes the
// connection of a client that vanished without closing it.
import type { ServerResponse } from 'node:http'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { writeJson } from '../database/rows/exactNumbers.ts'
import { acceptsOnlyEvents } from './guards/mediaTypes.ts'
import { HeldBytes } from './heldBytes.ts'
import type { ServerPlugin } from './requestScope.ts'

export interface EventStreamOptions {
  /** Interval of pings on an idle stream, in milliseconds. */
  readonly pingMs: number
}

/** A client that reads nothing for this many ping intervals is disconnected. */
const MAX_MISSED_PINGS = 5
/** Maximum size of the data that waits for slow clients, over all streams. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

const TYPE = 'text/event-stream'
const PING = ':\n\n'
const COMPLETE = 'event: complete\ndata:\n\n'

/**
 * Writes results for which Yoga selected this media type. Must come after the plugins that change
 * results.
 */
export function eventStreams({ pingMs }: EventStreamOptions): ServerPlugin {
  const held = new HeldBytes(MAX_HELD_BYTES)
  return {
    onResultProcess({ request, result, resultProcessor, setResultProcessor, serverContext: { scope } }) {
      if (resultProcessor === undefined || Array.isArray(result)) return
      // A client that also accepts JSON gets JSON if there is a single result.
      if (!isIterable(result) && !acceptsOnlyEvents(request.headers.get('accept'))) return
      const { response, caller } = scope
      setResultProcessor(async (_, { Response }) => {
        const stream = new EventStream(response, { pingMs, held, caller: caller?.actor ?? '' })
        if (isIterable(result)) await stream.sendAll(result)
        else stream.sendOnly(result as ExecutionResult)
        // The response has been written already. Yoga requires a value and does not send it.
        return new Response()
      }, TYPE)
    },
  }
}

type Results = AsyncIterable<ExecutionResult>

function isIterable(result: object): result is Results {
  return Symbol.asyncIterator in result
}

interface StreamOptions {
  readonly pingMs: number
  readonly held: HeldBytes
  readonly caller: string
}

class EventStream {
  private readonly response: ServerResponse
  private readonly options: StreamOptions
  /** Ends the wait of `send`; undefined while nothing waits to be sent. */
  private endSend: (() => void) | undefined
  /** Pings that were due since the last event was sent. */
  private missedPings = 0

  constructor(response: ServerResponse, options: StreamOptions) {
    this.response = response
    this.options = options
  }

  /** Sends one result, with the same status as a JSON response. */
  sendOnly(result: ExecutionResult): void {
    const { status, headers } = headOf(result)
    this.writeHead(status, headers)
    this.response.end(next(result) + COMPLETE)
  }

  /** Resolves when the stream has ended. */
  async sendAll(results: Results): Promise<void> {
    const { response, options } = this
    this.writeHead(200)
    // Some browsers pass a response to the page only when its first bytes arrive.
    response.write(PING)
    const pings = setInterval(() => this.ping(), options.pingMs)
    response.once('close', () => {
      clearInterval(pings)
      this.endSend?.()
    })
    try {
      for await (const result of results) await this.send(next(result))
      response.end(COMPLETE)
    } catch {
      // Errors that clients may see are results. Only a fault of the stream itself gets here.
      response.destroy()
    }
  }

  private writeHead(status: number, headers: Readonly<Record<string, string>> = {}): void {
    // Proxies must not buffer the stream.
    const own = { 'content-type': TYPE, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
    if (!this.response.headersSent && !this.response.destroyed) this.response.writeHead(status, { ...headers, ...own })
  }

  /** Resolves when the operating system has accepted the text, or the stream has ended. */
  private async send(text: string): Promise<void> {
    const { response, options } = this
    if (response.destroyed) return
    const release = options.held.hold(options.caller, text.length, () => response.destroy())
    await new Promise<void>((resolve) => {
      this.endSend = resolve
      response.write(text, () => resolve())
    })
    this.endSend = undefined
    this.missedPings = 0
    release()
  }

  private ping(): void {
    const { response, endSend } = this
    if (endSend === undefined) {
      response.write(PING)
      return
    }
    this.missedPings += 1
    if (this.missedPings > MAX_MISSED_PINGS) response.destroy()
  }
}

function next({ errors, ...result }: ExecutionResult): string {
  const publicErrors = errors && { errors: errors.map(toClient) }
  return `event: next\ndata: ${writeJson({ ...publicErrors, ...result })}\n\n`
}

/** Removes the HTTP status and headers, which are not part of the error that a client sees. */
function toClient(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

interface HttpHints {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** The status applies only to clients that accept application/graphql-response+json. */
  readonly spec?: boolean
}

/** As for application/json: errors in the document or its variables have the status 200. */
function headOf({ errors = [] }: ExecutionResult): { status: number; headers: Record<string, string> } {
  const hints = errors.map(({ extensions }) => (extensions.http ?? {}) as HttpHints)
  const statuses = hints.map(({ status = 200, spec }) => (spec ? 200 : status))
  return { status: Math.max(200, ...statuses), headers: Object.assign({}, ...hints.map(({ headers }) => headers)) }
}
