// What aborts some work. An AbortSignal is one, but creating it costs more than all checks of a
// small request.

export interface Abortable {
  /** @throws the reason of the abort */
  throwIfAborted(): void
  /** Calls `listener` when it is aborted. Returns a function that removes the listener. */
  onAbort(listener: (reason: unknown) => void): () => void
}

export function abortableBy(signal: AbortSignal): Abortable {
  return {
    throwIfAborted: () => signal.throwIfAborted(),
    onAbort(listener) {
      const onAbort = (): void => listener(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      return () => signal.removeEventListener('abort', onAbort)
    },
  }
}
