// Aborts a request when its client disconnects or its time runs out, and cancels its statements
// (database/cancellation.ts).
import type { ServerResponse } from 'node:http'
import { GraphQLError } from 'graphql'
import { AbortSource } from './abortSource.ts'

/** The time limit of one request, and whether its client is still connected. */
export class Deadline extends AbortSource {
  isExpired = false
  private ignoresDisconnect = false
  private readonly response: ServerResponse
  private readonly timer: NodeJS.Timeout

  constructor(response: ServerResponse, timeoutMs: number) {
    super()
    this.response = response
    this.timer = setTimeout(() => {
      this.isExpired = true
      this.abort(new Error('the request timed out'))
    }, timeoutMs)
    response.once('close', () => {
      clearTimeout(this.timer)
      if (!response.writableFinished && !this.ignoresDisconnect) this.abort(new Error('the client disconnected'))
    })
  }

  /**
   * From now on the request continues when its client disconnects. Its time limit still applies.
   */
  ignoreDisconnect(): void {
    this.ignoresDisconnect = true
  }

  /**
   * Replaces the time limit: the request lasts until its response ends. When `end` is aborted, the
   * connection is cut in the middle of the response, so that the client knows that the stream is
   * incomplete.
   */
  runUntil(end: AbortSignal): void {
    clearTimeout(this.timer)
    this.response.setTimeout(0)
    const cut = (): void => void this.response.destroy()
    if (end.aborted) cut()
    end.addEventListener('abort', cut, { once: true })
    this.response.once('close', () => {
      end.removeEventListener('abort', cut)
      this.abort(new Error('the stream ended'))
    })
  }

  /**
   * Waits for `result` until the request is aborted. Returns a result that is there already.
   *
   * @throws what `result` rejects with, or the reason of the abort
   */
  wait<T>(result: Promise<T> | T): Promise<T> | T {
    if (!(result instanceof Promise)) {
      this.throwIfAborted()
      return result
    }
    return new Promise((resolve, reject) => {
      const stopWaiting = this.onAbort(reject)
      result.then(resolve, reject).finally(stopWaiting)
      this.throwIfAborted()
    })
  }
}

/** The error for a request that exceeded its time limit of `timeoutMs`. */
export function timeoutError(timeoutMs: number): GraphQLError {
  const message = `The request took longer than ${timeoutMs} ms and was cancelled. Request less data at once, or retry later.`
  return new GraphQLError(message, { extensions: { code: 'TIMEOUT', http: { status: 503 } } })
}
