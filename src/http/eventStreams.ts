// Results as server-sent events, with one connection for each operation
// (github.com/enisdenjo/graphql-sse, PROTOCOL.md, "Distinct connections mode"). The connection of a
// client that does not read is closed, and what is held for it is limited.
import type { ServerResponse } from 'node:http'
import type { ExecutionResult } from 'graphql'
import { HeldBytes } from './heldBytes.ts'
import { bodyOf, type Head, headOf } from './resultBody.ts'

/** A client that reads nothing for this many ping intervals is disconnected. */
const MAX_MISSED_PINGS = 5
/** Maximum size of the data that waits for slow clients, over all streams. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

const TYPE = 'text/event-stream'
const PING = ':\n\n'
const COMPLETE = 'event: complete\ndata:\n\n'

/** Sends results as events. */
export class EventStreams {
  private readonly held = new HeldBytes(MAX_HELD_BYTES)
  private readonly pingMs: number

  /** `pingMs`: interval of pings on an idle stream, in milliseconds. */
  constructor(pingMs: number) {
    this.pingMs = pingMs
  }

  /** Sends the events of a subscription of `caller`. Resolves when the stream has ended. */
  send(response: ServerResponse, results: AsyncIterable<ExecutionResult>, caller: string): Promise<void> {
    return new EventStream(response, { pingMs: this.pingMs, held: this.held, caller }).send(results)
  }
}

/** Sends one result as a stream, with the same status as a JSON response. */
export function sendAsEvent(response: ServerResponse, result: ExecutionResult): void {
  const { status, headers } = headOf(result, 'application/json')
  writeHead(response, status, headers)
  response.end(next(result) + COMPLETE)
}

interface StreamOptions {
  readonly pingMs: number
  readonly held: HeldBytes
  readonly caller: string
}

class EventStream {
  private readonly response: ServerResponse
  private readonly options: StreamOptions
  /** Ends the wait of `write`; undefined while nothing waits to be sent. */
  private endWrite: (() => void) | undefined
  /** Pings that were due since the last event was sent. */
  private missedPings = 0

  constructor(response: ServerResponse, options: StreamOptions) {
    this.response = response
    this.options = options
  }

  /** Resolves when the stream has ended. */
  async send(results: AsyncIterable<ExecutionResult>): Promise<void> {
    const { response, options } = this
    writeHead(response, 200)
    // Some browsers pass a response to the page only when its first bytes arrive.
    response.write(PING)
    const pings = setInterval(() => this.ping(), options.pingMs)
    response.once('close', () => {
      clearInterval(pings)
      this.endWrite?.()
    })
    try {
      for await (const result of results) await this.write(next(result))
      response.end(COMPLETE)
    } catch {
      // Errors that clients may see are results. Only a fault of the stream itself gets here.
      response.destroy()
    }
  }

  /** Resolves when the operating system has accepted the text, or the stream has ended. */
  private async write(text: string): Promise<void> {
    const { response, options } = this
    if (response.destroyed) return
    const release = options.held.hold(options.caller, text.length, () => response.destroy())
    await new Promise<void>((resolve) => {
      this.endWrite = resolve
      response.write(text, () => resolve())
    })
    this.endWrite = undefined
    this.missedPings = 0
    release()
  }

  private ping(): void {
    const { response, endWrite } = this
    if (endWrite === undefined) {
      response.write(PING)
      return
    }
    this.missedPings += 1
    if (this.missedPings > MAX_MISSED_PINGS) response.destroy()
  }
}

function next(result: ExecutionResult): string {
  return `event: next\ndata: ${bodyOf(result)}\n\n`
}

function writeHead(response: ServerResponse, status: number, headers: Head['headers'] = {}): void {
  // Proxies must not buffer the stream.
  const own = { 'content-type': TYPE, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
  if (!response.headersSent && !response.destroyed) response.writeHead(status, { ...headers, ...own })
}
