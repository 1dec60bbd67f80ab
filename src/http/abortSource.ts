import { setMaxListeners } from 'node:events'
import type { Abortable } from '../database/abortable.ts'

/**
 * Aborts work, like AbortController. Its signal is created when it is first read, because most
 * requests end without one: an AbortSignal costs more than all checks of a small request.
 */
export class AbortSource implements Abortable {
  private controller: AbortController | undefined
  private reason: Error | undefined
  /** Undefined until the first one is added. */
  private listeners: Set<(reason: Error) => void> | undefined

  get isAborted(): boolean {
    return this.reason !== undefined
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      // Each running statement adds a listener, and an operation may run many at once.
      setMaxListeners(0, this.controller.signal)
      if (this.reason !== undefined) this.controller.abort(this.reason)
    }
    return this.controller.signal
  }

  /** Has no effect if it is aborted already. */
  abort(reason: Error): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.controller?.abort(reason)
    for (const listener of this.listeners ?? []) listener(reason)
  }

  /** @throws the reason of the abort */
  throwIfAborted(): void {
    if (this.reason !== undefined) throw this.reason
  }

  /** Calls `listener` when it is aborted. Returns a function that removes the listener. */
  onAbort(listener: (reason: Error) => void): () => void {
    this.listeners ??= new Set()
    this.listeners.add(listener)
    return () => void this.listeners?.delete(listener)
  }
}
