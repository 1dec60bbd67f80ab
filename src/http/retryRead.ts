// Retries queries that were stopped for lack of memory once enough is free. This is safe because no
// part of their response was sent.
import { setMaxListeners } from 'node:events'
import type { RequestScope } from './requestScope.ts'

/**
 * The first attempt runs without a reservation; the others reserve as much as a response can need.
 */
const MAX_ATTEMPTS = 3

/**
 * Returns the result of `read`. When it is stopped for lack of memory, its signal is aborted, and
 * it is called again once memory is reserved. The signal is also aborted with the request.
 *
 * @throws GraphQLError with the code UNAVAILABLE if memory cannot be reserved in time, or what
 * `read` throws
 */
export async function retryRead<T>(
  { memory, deadline, responseSize }: RequestScope,
  read: (signal: AbortSignal, attempt: number) => T,
): Promise<Awaited<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const stop = new AbortController()
    // Each running statement adds a listener.
    setMaxListeners(0, stop.signal)
    const onAbort = (): void => stop.abort(deadline.signal.reason)
    deadline.signal.addEventListener('abort', onAbort, { once: true })
    let isStopped = false
    if (attempt < MAX_ATTEMPTS) {
      memory.onStop(() => {
        isStopped = true
        stop.abort(new Error('the request must wait for memory'))
      })
    }
    try {
      deadline.signal.throwIfAborted()
      const result = await read(stop.signal, attempt)
      if (!isStopped) return result
    } catch (error) {
      if (!isStopped) throw error
    } finally {
      memory.onStop(undefined)
      deadline.signal.removeEventListener('abort', onAbort)
    }
    await memory.reserve(responseSize.limitBytes, deadline.signal)
    responseSize.restart()
  }
}
