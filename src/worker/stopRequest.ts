// The end of a worker, from the request to stop until nothing is waited for any more. Who is told what then is not known here.
import { setMaxListeners } from 'node:events'
import type { WorkerOptions, WorkerSettings } from './workerOptions.ts'

/** How long handlers may take to stop, once they were told to. */
const HANDLER_GRACE_MS = 5000
/** How long the server may take to note what became of their jobs. */
const REQUEST_GRACE_MS = 5000
/** A signal that comes again within this time is the same one: npm passes on what the terminal has sent to everybody already. */
export const ECHO_MS = 1000

export class StopRequest {
  /** Why the worker stops by itself: what no retry mends. */
  failure: unknown
  private readonly stages = {
    asked: new AbortController(),
    drained: new AbortController(),
    handlersOver: new AbortController(),
    over: new AbortController(),
  }
  private readonly drainMs: number
  private readonly undo: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined

  /** Listens to the signals of the options until it is closed. */
  constructor({ drainMs, onSignals }: WorkerSettings, { signal }: Pick<WorkerOptions, 'signal'>) {
    this.drainMs = drainMs
    // Every job and every request listens to these.
    setMaxListeners(0, ...Object.values(this.stages).map((stage) => stage.signal))
    if (signal !== undefined) this.followSignal(signal)
    this.followProcess(onSignals)
  }

  /** Nothing is claimed any more. Its reason says in words why. */
  get stopRequested(): AbortSignal {
    return this.stages.asked.signal
  }

  /** The time to finish is over: running jobs are aborted. */
  get drainTimedOut(): AbortSignal {
    return this.stages.drained.signal
  }

  /** Handlers that have not stopped by now are left to themselves. */
  get handlersAbandoned(): AbortSignal {
    return this.stages.handlersOver.signal
  }

  /** No request is made or waited for any more. */
  get shutdown(): AbortSignal {
    return this.stages.over.signal
  }

  /** Asks for a stop; only the first time counts. */
  requestStop(reason: string): void {
    if (this.stopRequested.aborted) return
    this.after(this.drainMs, () => this.abortHandlers())
    this.stages.asked.abort(reason)
  }

  /** Asks for a stop because of what no retry mends. */
  fail(error: unknown): void {
    this.failure ??= error
    this.requestStop(error instanceof Error ? error.message : String(error))
  }

  /** Ends what is still waited for, and hears no signals any more. */
  close(): void {
    clearTimeout(this.timer)
    for (const undo of this.undo.splice(0)) undo()
    this.stages.over.abort(new Error('the worker has ended'))
  }

  private abortHandlers(): void {
    this.after(HANDLER_GRACE_MS, () => {
      this.after(REQUEST_GRACE_MS, () => this.stages.over.abort(new Error('the time of the worker to stop is over')))
      this.stages.handlersOver.abort()
    })
    this.stages.drained.abort()
  }

  private after(ms: number, next: () => void): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(next, ms)
  }

  private followSignal(signal: AbortSignal): void {
    const onAbort = (): void => this.requestStop('its signal was aborted')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    this.undo.push(() => signal.removeEventListener('abort', onAbort))
  }

  /** The first signal asks for a stop, the second ends the drain, the third finds nobody who listens: it ends the process. */
  private followProcess(signals: readonly NodeJS.Signals[]): void {
    let askedAt: number | undefined
    const ignore = (): void => {
      for (const signal of signals) process.off(signal, onSignal)
    }
    const onSignal = (signal: NodeJS.Signals): void => {
      if (askedAt === undefined) {
        askedAt = performance.now()
        this.requestStop(signal)
      } else if (performance.now() - askedAt > ECHO_MS) {
        ignore()
        if (!this.drainTimedOut.aborted) this.abortHandlers()
      }
    }
    for (const signal of signals) process.on(signal, onSignal)
    this.undo.push(ignore)
  }
}
