// Queries that are stopped while they read, because there is no memory for all, and begin again when there is: nothing of them was answered.
import { setMaxListeners } from 'node:events'
import type { RequestScope } from './requestScope.ts'

/** The first without memory of its own; then with as much as a request can reserve. */
const MAX_ATTEMPTS = 3

/**
 * What `read` answers. When it is stopped for its memory, it is called again once memory is reserved for it; its signal is aborted then, and
 * when the request is given up.
 *
 * @throws GraphQLError with the code UNAVAILABLE if there is no memory in time, or what `read` throws
 */
export async function repeatRead<T>(
  { memory, deadline, answerSize }: RequestScope,
  read: (signal: AbortSignal, attempt: number) => T,
): Promise<Awaited<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const stop = new AbortController()
    // Each statement that runs listens.
    setMaxListeners(0, stop.signal)
    const onAbort = (): void => stop.abort(deadline.signal.reason)
    deadline.signal.addEventListener('abort', onAbort, { once: true })
    let isStopped = false
    if (attempt < MAX_ATTEMPTS) {
      memory.onStop(() => {
        isStopped = true
        stop.abort(new Error('there is no memory for the request yet'))
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
    await memory.reserve(answerSize.limitBytes, deadline.signal)
    answerSize.restart()
  }
}
