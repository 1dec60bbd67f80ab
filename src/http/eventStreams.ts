// Results as server-sent events, in the mode of the protocol in which each operation has a connection of its own
// (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode"). Yoga's own way holds dozens of kilobytes for a client that
// does not read, and never ends the connection of one that is gone without a word.
import type { ServerResponse } from 'node:http'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { writeJson } from '../database/rows/exactNumbers.ts'
import { acceptsOnlyEvents } from './guards/mediaTypes.ts'
import { HeldBytes } from './heldBytes.ts'
import type { ServerPlugin } from './requestScope.ts'

export interface EventStreamOptions {
  /** Time between two signs of life on a stream on which nothing happens. */
  readonly pingMs: number
}

/** A client that takes nothing of what was sent while this many signs of life are due is cut. */
const MAX_MISSED_PINGS = 5
/** What may wait for clients that do not read, of all streams together. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

const TYPE = 'text/event-stream'
const PING = ':\n\n'
const COMPLETE = 'event: complete\ndata:\n\n'

/** Writes results for which Yoga has found this media type. Must come after the plugins that change results. */
export function eventStreams({ pingMs }: EventStreamOptions): ServerPlugin {
  const held = new HeldBytes(MAX_HELD_BYTES)
  return {
    onResultProcess({ request, result, resultProcessor, setResultProcessor, serverContext: { scope } }) {
      if (resultProcessor === undefined || Array.isArray(result)) return
      // Whoever takes JSON as well gets that where there is one result.
      if (!isIterable(result) && !acceptsOnlyEvents(request.headers.get('accept'))) return
      const { response, caller } = scope
      setResultProcessor(async (_, { Response }) => {
        const stream = new EventStream(response, { pingMs, held, caller: caller?.actor ?? '' })
        if (isIterable(result)) await stream.sendAll(result)
        else stream.sendOnly(result as ExecutionResult)
        // It was answered already: nobody sends this.
        return new Response()
      }, TYPE)
    },
  }
}

type Results = AsyncIterable<ExecutionResult>

function isIterable(result: object): result is Results {
  return Symbol.asyncIterator in result
}

interface StreamFacts {
  readonly pingMs: number
  readonly held: HeldBytes
  readonly caller: string
}

class EventStream {
  private readonly response: ServerResponse
  private readonly facts: StreamFacts
  private taken: (() => void) | undefined
  /** Signs of life that were due since the last text was sent. */
  private missedPings = 0

  constructor(response: ServerResponse, facts: StreamFacts) {
    this.response = response
    this.facts = facts
  }

  /** One result, with the status that it has as JSON. */
  sendOnly(result: ExecutionResult): void {
    const { status, headers } = httpOf(result)
    this.begin(status, headers)
    this.response.end(next(result) + COMPLETE)
  }

  /** Resolves when the stream is over. */
  async sendAll(results: Results): Promise<void> {
    const { response, facts } = this
    this.begin(200)
    // Some browsers show an answer to the page with its first bytes only.
    response.write(PING)
    const pings = setInterval(() => this.look(), facts.pingMs)
    response.once('close', () => {
      clearInterval(pings)
      this.taken?.()
    })
    try {
      for await (const result of results) await this.send(next(result))
      response.end(COMPLETE)
    } catch {
      // What can be said of an error is a result.
      response.destroy()
    }
  }

  private begin(status: number, headers: Readonly<Record<string, string>> = {}): void {
    // A proxy in between must not collect what is sent.
    const own = { 'content-type': TYPE, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
    if (!this.response.headersSent && !this.response.destroyed) this.response.writeHead(status, { ...headers, ...own })
  }

  /** Resolves when the operating system has taken the text, or the stream is over. */
  private async send(text: string): Promise<void> {
    const { response, facts } = this
    if (response.destroyed) return
    const release = facts.held.hold(facts.caller, text.length, () => response.destroy())
    await new Promise<void>((resolve) => {
      this.taken = resolve
      response.write(text, () => resolve())
    })
    this.taken = undefined
    this.missedPings = 0
    release()
  }

  private look(): void {
    const { response, taken } = this
    if (taken === undefined) {
      response.write(PING)
      return
    }
    this.missedPings += 1
    if (this.missedPings > MAX_MISSED_PINGS) response.destroy()
  }
}

function next({ errors, ...result }: ExecutionResult): string {
  const shown = errors && { errors: errors.map(toClient) }
  return `event: next\ndata: ${writeJson({ ...shown, ...result })}\n\n`
}

/** What an error says of the HTTP answer is not a part of it. */
function toClient(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

interface HttpHints {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** The status is for clients that ask for application/graphql-response+json. */
  readonly spec?: boolean
}

/** As for application/json: what is wrong with the document or its variables is said in a stream that is complete. */
function httpOf({ errors = [] }: ExecutionResult): { status: number; headers: Record<string, string> } {
  const hints = errors.map(({ extensions }) => (extensions.http ?? {}) as HttpHints)
  const statuses = hints.map(({ status = 200, spec }) => (spec ? 200 : status))
  return { status: Math.max(200, ...statuses), headers: Object.assign({}, ...hints.map(({ headers }) => headers)) }
}
