// Requests that a client sends before it has the responses to earlier ones of the same connection
// (RFC 9112, section 9.3.2). Each is served when the responses before it are sent.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A connection on which more requests wait is closed. */
const MAX_WAITING = 100

type Serve = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Serves each request when its response is the next one of its connection; never, if the connection
 * closes before. A response has the event `close` only from then on, so what an earlier start holds
 * would not be released.
 */
export function inTurn(serve: Serve): RequestListener {
  const waiting = new WeakMap<Duplex, number>()
  return (request, response) => {
    if (response.socket !== null) return serve(request, response)
    const { socket } = request
    const count = (waiting.get(socket) ?? 0) + 1
    waiting.set(socket, count)
    if (count > MAX_WAITING) socket.destroy()
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
      // Node first has to finish the assignment.
      process.nextTick(() => {
        if (!socket.destroyed) serve(request, response)
      })
    })
  }
}
