// Retries queries that were stopped for lack of memory once enough is free. This is safe because no
// part of their response was sent.
import { AbortSource } from './abortSource.ts'
import type { AuthenticatedRequest } from './request.ts'

/**
 * The first attempt runs without a reservation; the others reserve as much as a response can need.
 */
const MAX_ATTEMPTS = 3

/**
 * Returns the result of `read`. When it is stopped for lack of memory, `stop` is aborted, and it is
 * called again once memory is reserved. `stop` is also aborted with the request.
 *
 * @throws GraphQLError with the code UNAVAILABLE if memory cannot be reserved in time, or what
 * `read` throws
 */
export async function retryRead<T>(
  { memory, deadline, responseSize }: AuthenticatedRequest,
  read: (stop: AbortSource, attempt: number) => T,
): Promise<Awaited<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const stop = new AbortSource()
    const stopListening = deadline.onAbort((reason) => stop.abort(reason))
    let isStopped = false
    if (attempt < MAX_ATTEMPTS) {
      memory.onStop(() => {
        isStopped = true
        stop.abort(new Error('the request must wait for memory'))
      })
    }
    try {
      deadline.throwIfAborted()
      const result = await read(stop, attempt)
      if (!isStopped) return result
    } catch (error) {
      if (!isStopped) throw error
    } finally {
      memory.onStop(undefined)
      stopListening()
    }
    await memory.reserve(responseSize.limitBytes, deadline.signal)
    responseSize.restart()
  }
}
