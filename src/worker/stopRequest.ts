// The stages of stopping a worker, from the request until it no longer waits for anything.
import { setMaxListeners } from 'node:events'
import type { WorkerOptions, WorkerSettings } from './workerOptions.ts'

/** How long handlers may take to stop once they are aborted. */
const HANDLER_GRACE_MS = 5000
/** How long the outcomes of their jobs may take to be recorded. */
const REQUEST_GRACE_MS = 5000
/**
 * A repeated signal within this time is the same one: npm forwards what the terminal already sends
 * to every process.
 */
export const ECHO_MS = 1000

export class StopRequest {
  /** Why the worker stops by itself: an error that no retry fixes. */
  failure: unknown
  private readonly stages = {
    stopRequested: new AbortController(),
    drainTimedOut: new AbortController(),
    handlersAbandoned: new AbortController(),
    shutdown: new AbortController(),
  }
  private readonly drainMs: number
  private readonly undo: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined

  /** Listens for the signals of the options until it is closed. */
  constructor({ drainMs, onSignals }: WorkerSettings, { signal }: Pick<WorkerOptions, 'signal'>) {
    this.drainMs = drainMs
    // Every job and every request adds a listener.
    setMaxListeners(0, ...Object.values(this.stages).map((stage) => stage.signal))
    if (signal !== undefined) this.stopOnAbort(signal)
    this.stopOnSignals(onSignals)
  }

  /** Aborted when claiming must stop. The reason is a text. */
  get stopRequested(): AbortSignal {
    return this.stages.stopRequested.signal
  }

  /** Aborted when the drain timeout expires: running handlers are aborted. */
  get drainTimedOut(): AbortSignal {
    return this.stages.drainTimedOut.signal
  }

  /** Aborted when handlers that still run are no longer waited for. */
  get handlersAbandoned(): AbortSignal {
    return this.stages.handlersAbandoned.signal
  }

  /** Aborted when requests must end. */
  get shutdown(): AbortSignal {
    return this.stages.shutdown.signal
  }

  /** Requests a stop; only the first call has an effect. */
  requestStop(reason: string): void {
    if (this.stopRequested.aborted) return
    this.after(this.drainMs, () => this.abortHandlers())
    this.stages.stopRequested.abort(reason)
  }

  /** Requests a stop because of an error that no retry fixes. */
  fail(error: unknown): void {
    this.failure ??= error
    this.requestStop(error instanceof Error ? error.message : String(error))
  }

  /** Aborts what is still in progress, and ignores signals from now on. */
  close(): void {
    clearTimeout(this.timer)
    for (const undo of this.undo.splice(0)) undo()
    this.stages.shutdown.abort(new Error('the worker has ended'))
  }

  private abortHandlers(): void {
    this.after(HANDLER_GRACE_MS, () => {
      this.after(REQUEST_GRACE_MS, () => this.stages.shutdown.abort(new Error('the worker did not stop in time')))
      this.stages.handlersAbandoned.abort()
    })
    this.stages.drainTimedOut.abort()
  }

  private after(ms: number, next: () => void): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(next, ms)
  }

  private stopOnAbort(signal: AbortSignal): void {
    const onAbort = (): void => this.requestStop('its signal was aborted')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    this.undo.push(() => signal.removeEventListener('abort', onAbort))
  }

  /**
   * The first signal requests a stop, the second ends the drain. A third finds no listener and ends
   * the process.
   */
  private stopOnSignals(signals: readonly NodeJS.Signals[]): void {
    let requestedAt: number | undefined
    const ignore = (): void => {
      for (const signal of signals) process.off(signal, onSignal)
    }
    const onSignal = (signal: NodeJS.Signals): void => {
      if (requestedAt === undefined) {
        requestedAt = performance.now()
        this.requestStop(signal)
      } else if (performance.now() - requestedAt > ECHO_MS) {
        ignore()
        if (!this.drainTimedOut.aborted) this.abortHandlers()
      }
    }
    for (const signal of signals) process.on(signal, onSignal)
    this.undo.push(ignore)
  }
}
