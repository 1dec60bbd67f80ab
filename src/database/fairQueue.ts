// Shares a fixed number of places fairly between callers. Callers take turns, and so do the
// requests of one caller. A caller that asks for more waits longer and delays no other caller.
// Independent of databases.
import { RoundRobin } from '../fairness/roundRobin.ts'
import type { Abortable } from './abortable.ts'
import { DatabaseUnavailableError, POOL_EXHAUSTED } from './retryableErrors.ts'

export interface FairQueueLimits {
  /** Maximum number of places of all callers together. */
  readonly total: number
  /** Maximum number of places of one caller. */
  readonly perCaller: number
  /** Maximum number of places of one request. */
  readonly perRequest: number
  /** Maximum time that a request waits while it has no place, in milliseconds. */
  readonly waitMs: number
}

/** Releases a place. Safe to call twice. */
export type Leave = () => void

/** The places of one request. */
export interface Share {
  /**
   * Takes a place, at once if one is free.
   *
   * @throws DatabaseUnavailableError if the request had no place for `waitMs`, or the reason of the
   * abort
   */
  enter(abortable: Abortable): Leave | Promise<Leave>
}

interface Waiter {
  start(): void
  fail(error: unknown): void
}

const RETRY_AFTER_SECONDS = 1

export class FairQueue {
  readonly limits: FairQueueLimits
  /** Number of waiters of all callers. */
  waiterCount = 0
  private running = 0
  private readonly runningOf = new Map<string, number>()
  /** Requests with waiters. */
  private readonly waiting = new RoundRobin<RequestShare>()

  constructor(limits: FairQueueLimits) {
    this.limits = limits
  }

  /** Returns the share of a new request. */
  shareOf(caller: string): Share {
    return new RequestShare(this, caller)
  }

  /** True if no state of a caller is left. */
  get isEmpty(): boolean {
    return this.runningOf.size === 0 && this.waiting.size === 0
  }

  /** Takes a place for the request if one is free and no one waits. Returns whether it did. */
  take(request: RequestShare): boolean {
    if (this.waiting.size > 0 || this.running >= this.limits.total || !this.admits(request)) return false
    this.count(request, 1)
    return true
  }

  private admits({ caller, running }: RequestShare): boolean {
    const { perCaller, perRequest } = this.limits
    return (this.runningOf.get(caller) ?? 0) < perCaller && running < perRequest
  }

  /** Called when the request has waiters. */
  wait(request: RequestShare): void {
    this.waiting.push(request.caller, request)
    this.dispatch()
  }

  /** Called when a waiter has left the request. */
  left(request: RequestShare): void {
    if (request.waiters.size === 0) this.waiting.remove(request.caller, request)
  }

  /** Called when a place is released. */
  free(request: RequestShare): void {
    this.count(request, -1)
    this.dispatch()
  }

  private dispatch(): void {
    const { total, perCaller, perRequest } = this.limits
    while (this.running < total) {
      const next = this.waiting.shift(
        (caller) => (this.runningOf.get(caller) ?? 0) < perCaller,
        (request) => request.running < perRequest,
      )
      if (next === undefined) return
      this.count(next.item, 1)
      if (next.item.startNext()) this.waiting.push(next.caller, next.item)
    }
  }

  private count(request: RequestShare, change: 1 | -1): void {
    const ofCaller = (this.runningOf.get(request.caller) ?? 0) + change
    if (ofCaller > 0) this.runningOf.set(request.caller, ofCaller)
    else this.runningOf.delete(request.caller)
    this.running += change
    request.running += change
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

  enter(abortable: Abortable): Leave | Promise<Leave> {
    abortable.throwIfAborted()
    return this.queue.take(this) ? this.giveBack() : this.wait(abortable)
  }

  private wait(abortable: Abortable): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        stopListening()
        this.waiters.delete(waiter)
        this.queue.waiterCount -= 1
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
      const stopListening = abortable.onAbort((reason) => waiter.fail(reason))
      this.waiters.add(waiter)
      this.queue.waiterCount += 1
      this.queue.wait(this)
      this.watch()
    })
  }

  /** Starts the first waiter. Returns whether others still wait. */
  startNext(): boolean {
    const [first] = this.waiters
    first?.start()
    return this.waiters.size > 0
  }

  private giveBack(): Leave {
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      this.queue.free(this)
      this.watch()
    }
  }

  /**
   * Only a request without a place can time out. One that has a place may wait for its own
   * statements.
   */
  private watch(): void {
    const isStuck = this.running === 0 && this.waiters.size > 0
    if (isStuck === (this.timer !== undefined)) return
    clearTimeout(this.timer)
    this.timer = isStuck ? setTimeout(() => this.timeOut(), this.queue.limits.waitMs) : undefined
  }

  private timeOut(): void {
    for (const waiter of [...this.waiters]) {
      waiter.fail(new DatabaseUnavailableError(POOL_EXHAUSTED, { retryAfterSeconds: RETRY_AFTER_SECONDS }))
    }
  }
}
