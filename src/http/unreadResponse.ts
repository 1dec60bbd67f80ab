// Responses that the client does not read. They hold memory.
import type { ServerResponse } from 'node:http'

/** A busy machine takes some time to send the response to a request that timed out. */
const MARGIN_MS = 2000

/**
 * Closes the connection if it makes no progress for the time limit of a request, and a margin. Call
 * it once the response is sent. Node closes a connection with unsent bytes after one to two times
 * the sum.
 */
export function closeIfUnread(response: ServerResponse, requestTimeoutMs: number): void {
  // The operating system has taken all of it, as it does with most responses.
  if (response.writableEnded && response.writableLength === 0) return
  response.setTimeout(requestTimeoutMs + MARGIN_MS, () => response.destroy())
}
