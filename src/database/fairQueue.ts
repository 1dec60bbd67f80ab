// Shares a fixed number of places between callers. Callers take turns, and so do the requests of one caller: whoever asks for more waits
// longer, and nobody else does. Knows nothing of databases.
import { DatabaseUnavailableError } from './retryableErrors.ts'

export interface FairQueueLimits {
  /** Places of all callers together. */
  readonly total: number
  /** Places that one caller may have at once. */
  readonly perCaller: number
  /** Places that one request may have at once. */
  readonly perRequest: number
  /** Milliseconds that a request waits while it has no place. */
  readonly waitMs: number
}

/** The places of one request. */
export interface Share {
  /**
   * Resolves when there is a place, to a function that gives the place back.
   *
   * @throws DatabaseUnavailableError if the request had no place for `waitMs`, or the reason of `signal` when that is aborted
   */
  enter(signal: AbortSignal): Promise<() => void>
}

interface Waiter {
  start(): void
  fail(error: unknown): void
}

interface CallerState {
  running: number
  /** Requests that wait, in the order of their turns. */
  readonly waiting: Set<RequestShare>
}

const RETRY_AFTER_SECONDS = 1

export class FairQueue {
  readonly limits: FairQueueLimits
  private running = 0
  private readonly callers = new Map<string, CallerState>()
  /** Callers that wait, in the order of their turns. */
  private readonly waiting = new Set<CallerState>()

  constructor(limits: FairQueueLimits) {
    this.limits = limits
  }

  /** The share of a new request. */
  shareOf(caller: string): Share {
    return new RequestShare(this, caller)
  }

  /** Waiters and places in use are zero for callers that are not known. */
  get knownCallers(): number {
    return this.callers.size
  }

  /** Called when the request has something that waits. */
  wait(request: RequestShare): void {
    const caller = this.stateOf(request.caller)
    caller.waiting.add(request)
    this.waiting.add(caller)
    this.dispatch()
  }

  /** Called when a waiter has left the request. */
  left(request: RequestShare): void {
    if (request.waiters.size === 0) this.remove(request)
  }

  /** Called when a place is given back. */
  free(request: RequestShare): void {
    const caller = this.stateOf(request.caller)
    this.running -= 1
    caller.running -= 1
    request.running -= 1
    this.forget(request.caller, caller)
    this.dispatch()
  }

  private dispatch(): void {
    const { total, perCaller } = this.limits
    // What is put back behind the others is met again in the same pass: places are handed out until none is left.
    for (const caller of this.waiting) {
      if (this.running >= total) return
      const request = caller.running < perCaller ? this.nextOf(caller) : undefined
      if (request === undefined) continue
      this.waiting.delete(caller)
      if (this.start(request, caller)) this.waiting.add(caller)
    }
  }

  private nextOf({ waiting }: CallerState): RequestShare | undefined {
    for (const request of waiting) if (request.running < this.limits.perRequest) return request
    return undefined
  }

  /** Returns whether the caller still waits. */
  private start(request: RequestShare, caller: CallerState): boolean {
    this.running += 1
    caller.running += 1
    request.running += 1
    caller.waiting.delete(request)
    if (request.startNext()) caller.waiting.add(request)
    return caller.waiting.size > 0
  }

  private stateOf(key: string): CallerState {
    const known = this.callers.get(key)
    if (known) return known
    const caller = { running: 0, waiting: new Set<RequestShare>() }
    this.callers.set(key, caller)
    return caller
  }

  private remove(request: RequestShare): void {
    const caller = this.stateOf(request.caller)
    caller.waiting.delete(request)
    if (caller.waiting.size === 0) this.waiting.delete(caller)
    this.forget(request.caller, caller)
  }

  private forget(key: string, { running, waiting }: CallerState): void {
    if (running === 0 && waiting.size === 0) this.callers.delete(key)
  }
}

class RequestShare implements Share {
  readonly caller: string
  readonly waiters = new Set<Waiter>()
  running = 0
  private readonly queue: FairQueue
  private timer: NodeJS.Timeout | undefined

  constructor(queue: FairQueue, caller: string) {
    this.queue = queue
    this.caller = caller
  }

  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const end = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.waiters.delete(waiter)
        this.watch()
      }
      const waiter: Waiter = {
        start: () => {
          end()
          resolve(this.giveBack())
        },
        fail: (error) => {
          end()
          this.queue.left(this)
          reject(error)
        },
      }
      const onAbort = (): void => waiter.fail(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.waiters.add(waiter)
      this.queue.wait(this)
      this.watch()
    })
  }

  /** Starts the first that waits. Returns whether others still do. */
  startNext(): boolean {
    const [first] = this.waiters
    first?.start()
    return this.waiters.size > 0
  }

  private giveBack(): () => void {
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      this.queue.free(this)
      this.watch()
    }
  }

  /** Only a request that has no place at all waits for others; one that has may take as long as its own statements do. */
  private watch(): void {
    const isStuck = this.running === 0 && this.waiters.size > 0
    if (isStuck === (this.timer !== undefined)) return
    clearTimeout(this.timer)
    this.timer = isStuck ? setTimeout(() => this.giveUp(), this.queue.limits.waitMs) : undefined
  }

  private giveUp(): void {
    const message = 'All connections to the database are in use. Retry later.'
    for (const waiter of [...this.waiters]) {
      waiter.fail(new DatabaseUnavailableError(message, { retryAfterSeconds: RETRY_AFTER_SECONDS }))
    }
  }
}
