// Limits the memory of all requests of this process together: their bodies, the rows that they
// read, their responses. At the limit, the largest request of the caller that holds most is
// stopped. A query that can be retried waits until enough memory is free; any other request is
// aborted. Small requests are never stopped, and a response that is being sent has time to finish.
import { getHeapStatistics } from 'node:v8'
import { MemoryQueue } from './memoryQueue.ts'

/** Share of Node's heap limit. The sizes are estimates, and not only requests use the heap. */
const HEAP_SHARE = 0.25

/** Requests that hold less are never stopped. */
const SMALL_BYTES = 256 * 1024
/** While others wait for memory, a query that holds this much must wait too. */
const LARGE_BYTES = 8 * 1024 * 1024
/** The share of the limit that one request can reserve. */
const MAX_RESERVED_SHARE = 0.75
/** A response that is being sent is not aborted during this time. */
const SENDING_MS = 5000
/**
 * A request that has held memory for longer is stopped when others wait for it: its response is not
 * read, or its body does not arrive.
 */
const HOLDING_MS = 5000
/** The interval of that check, while requests wait. */
const CHECK_MS = 1000

/** The limit where none is configured, in bytes. */
export function defaultMemoryLimit(): number {
  return Math.floor(HEAP_SHARE * getHeapStatistics().heap_size_limit)
}

interface Account {
  bytes: number
  readonly holdings: Set<Holding>
}

/** The memory of one request. */
export interface Holding {
  /** Whether it was aborted for lack of memory. */
  readonly isAborted: boolean
  /**
   * Whether the limit is exceeded, not mainly by this request, and no caller holds more than its
   * own.
   */
  readonly isOverLimit: boolean
  /** Sets how many bytes it holds. May stop this request or others. */
  hold(bytes: number): void
  /** Sets a function that is called once instead of aborting the request. Undefined removes it. */
  onStop(retry: (() => void) | undefined): void
  /**
   * Resolves to true when `bytes` are reserved: up to that size the request is not stopped. Callers
   * take turns. Resolves to false if too many requests of the caller wait, or `signal` is aborted.
   */
  reserve(bytes: number, signal: AbortSignal): Promise<boolean>
  /** From now on it is not stopped, because it writes to the database. */
  protect(): void
  /** Its response is being sent from now on. */
  send(): void
  /** Sets it to 0 bytes for good, even if the request is still running. */
  release(): void
}

export class MemoryBudget {
  bytes = 0
  private readonly limit: number
  private readonly accounts = new Map<string, Account>()
  private readonly queue: MemoryQueue
  private timer: NodeJS.Timeout | undefined

  constructor(limitBytes: number) {
    this.limit = limitBytes
    this.queue = new MemoryQueue((bytes) => this.bytes + bytes <= limitBytes)
  }

  /** `own` bytes are of the request that asks. */
  isExceededBy(caller: string, own: number): boolean {
    if (this.bytes <= this.limit || this.bytes - own <= this.limit / 2) return false
    return (this.accounts.get(caller)?.bytes ?? 0) >= Math.max(...[...this.accounts.values()].map(({ bytes }) => bytes))
  }

  /** `abort` is called at most once. */
  open(caller: string, abort: () => void): Holding {
    return new RequestHolding(this, caller, abort)
  }

  /** Records that `holding` changed by `bytes`. */
  add(holding: RequestHolding, bytes: number): void {
    const account = this.accounts.get(holding.caller) ?? { bytes: 0, holdings: new Set<RequestHolding>() }
    account.bytes += bytes
    this.bytes += bytes
    if (holding.bytes > 0) account.holdings.add(holding)
    else account.holdings.delete(holding)
    if (account.holdings.size > 0) this.accounts.set(holding.caller, account)
    else this.accounts.delete(holding.caller)
    if (bytes <= 0) this.queue.dispatch()
    else this.enforceLimit(holding)
  }

  /** Resolves to true after `take` was called; see Holding. */
  reserve(
    caller: string,
    bytes: number,
    options: { take(bytes: number): void; signal: AbortSignal },
  ): Promise<boolean> {
    const max = Math.floor(MAX_RESERVED_SHARE * this.limit)
    const reserved = this.queue.wait(caller, Math.min(bytes, max), options)
    if (this.queue.size > 0) this.timer ??= setInterval(() => this.stopSlowRequests(), CHECK_MS).unref()
    return reserved
  }

  private stopSlowRequests(): void {
    for (let victim = this.victim(isSlow); this.queue.size > 0 && victim; victim = this.victim(isSlow)) victim.stop()
    if (this.queue.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  private enforceLimit(latest: RequestHolding): void {
    if (this.queue.size > 0 && latest.mustWait) latest.stop()
    while (this.bytes > this.limit) {
      const victim = this.victim((holding) => !holding.hasReserved) ?? this.victim(() => true)
      if (victim === undefined) return
      victim.stop()
    }
  }

  /**
   * The request to stop next among those that match; undefined if none of them can be stopped now.
   */
  private victim(matches: (holding: RequestHolding) => boolean): RequestHolding | undefined {
    const accounts = [...this.accounts.values()].sort((a, b) => b.bytes - a.bytes)
    for (const { holdings } of accounts) {
      let largest: RequestHolding | undefined
      for (const holding of holdings as Set<RequestHolding>) {
        if (holding.isStoppable && matches(holding) && holding.bytes > (largest?.bytes ?? 0)) largest = holding
      }
      if (largest) return largest
    }
    return undefined
  }
}

const isSlow = (holding: RequestHolding): boolean => holding.isSlow

class RequestHolding implements Holding {
  bytes = 0
  isAborted = false
  get isOverLimit(): boolean {
    return this.budget.isExceededBy(this.caller, this.bytes)
  }
  private used = 0
  private reserved = 0
  private isProtected = false
  /**
   * A mutation can continue after its client disconnected. Memory that it counts then would never
   * be released.
   */
  private isReleased = false
  private sendingSince: number | undefined
  private heldSince: number | undefined
  private retry: (() => void) | undefined
  readonly caller: string
  private readonly budget: MemoryBudget
  private readonly abort: () => void

  constructor(budget: MemoryBudget, caller: string, abort: () => void) {
    this.budget = budget
    this.caller = caller
    this.abort = abort
  }

  hold(bytes: number): void {
    if (this.isReleased) return
    this.used = bytes
    this.update()
  }

  onStop(retry: (() => void) | undefined): void {
    this.retry = retry
  }

  reserve(bytes: number, signal: AbortSignal): Promise<boolean> {
    const take = (taken: number): void => {
      if (this.isReleased) return
      this.reserved = taken
      this.update()
    }
    return this.budget.reserve(this.caller, bytes, { take, signal })
  }

  protect(): void {
    this.isProtected = true
  }

  send(): void {
    this.sendingSince = performance.now()
    this.isProtected = false
    this.reserved = 0
    this.update()
  }

  get hasReserved(): boolean {
    return this.reserved > 0
  }

  /** Whether it must yield to requests that wait for memory. */
  get mustWait(): boolean {
    return this.retry !== undefined && !this.hasReserved && this.bytes >= LARGE_BYTES
  }

  /** Whether it has held memory, or sent its response, for a long time. */
  get isSlow(): boolean {
    const since = this.sendingSince ?? this.heldSince
    return since !== undefined && performance.now() - since > HOLDING_MS
  }

  get isStoppable(): boolean {
    const isSending = this.sendingSince !== undefined && performance.now() - this.sendingSince < SENDING_MS
    const isWithinReserved = this.hasReserved && this.used <= this.reserved
    return !this.isProtected && !isSending && !isWithinReserved && this.bytes >= SMALL_BYTES
  }

  stop(): void {
    const retry = this.retry
    this.retry = undefined
    if (retry) {
      this.reset()
      retry()
      return
    }
    this.release()
    this.isAborted = true
    this.abort()
  }

  release(): void {
    this.reset()
    this.isReleased = true
  }

  private reset(): void {
    this.reserved = 0
    this.hold(0)
  }

  private update(): void {
    const bytes = Math.max(this.used, this.reserved)
    const change = bytes - this.bytes
    if (change === 0) return
    if (this.bytes === 0) this.heldSince = performance.now()
    this.bytes = bytes
    this.budget.add(this, change)
  }
}
