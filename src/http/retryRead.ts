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
  request: AuthenticatedRequest,
  read: (stop: AbortSource, attempt: number) => T,
): Promise<Awaited<T>> {
  const { memory, deadline, responseSize } = request
  for (let attempt = 1; ; attempt += 1) {
    const finished = await readOnce(request, (stop) => read(stop, attempt), attempt < MAX_ATTEMPTS)
    if (finished !== undefined) return finished.result
    await memory.reserve(responseSize.limitBytes, deadline.signal)
    responseSize.restart()
  }
}

/**
 * Undefined if it was stopped. A function of its own, because a suspended function keeps the values
 * of all its variables, and would keep what was read until memory is reserved.
 */
async function readOnce<T>(
  { memory, deadline }: AuthenticatedRequest,
  read: (stop: AbortSource) => T,
  isStoppable: boolean,
): Promise<{ readonly result: Awaited<T> } | undefined> {
  const stop = new AbortSource()
  const stopListening = deadline.onAbort((reason) => stop.abort(reason))
  let isStopped = false
  if (isStoppable) {
    memory.onStop(() => {
      isStopped = true
      stop.abort(new Error('the request must wait for memory'))
    })
  }
  try {
    deadline.throwIfAborted()
    const result = await read(stop)
    return isStopped ? undefined : { result }
  } catch (error) {
    if (!isStopped) throw error
    return undefined
  } finally {
    memory.onStop(undefined)
    stopListening()
  }
}
