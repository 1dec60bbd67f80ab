// How much memory the requests of this process may take together: their bodies, the rows that they read, their answers. When it is used up
// the largest request of the caller who has most is stopped. A query that can begin again waits until there is memory for a large one; any
// other request is given up. Whoever asks for little is always served, and answers that go out have time to.
import { getHeapStatistics } from 'node:v8'
import { MemoryQueue } from './memoryQueue.ts'

/** Of the heap that Node allows. What is counted is an estimate, and there is more than requests. */
const HEAP_SHARE = 0.25

/** Requests that hold less are never given up. */
const SMALL_BYTES = 256 * 1024
/** While others wait for memory, a query that holds this much must wait as well. */
const LARGE_BYTES = 8 * 1024 * 1024
/** The part of the limit that one request can reserve. */
const MAX_RESERVED_SHARE = 0.75
/** For this long an answer that is being sent is not cut off. */
const SENDING_MS = 5000

/** In bytes. */
export function usualMemoryLimit(): number {
  return Math.floor(HEAP_SHARE * getHeapStatistics().heap_size_limit)
}

interface Account {
  bytes: number
  readonly holdings: Set<Holding>
}

/** What one request holds. */
export interface Holding {
  /** That it was given up, because there was no memory for it. */
  readonly isGivenUp: boolean
  /** From now on it holds so much, and at the same time is given up if it has to be. */
  hold(bytes: number): void
  /** Called once instead of giving it up; until this is called again with another function, or with none. */
  onStop(stop: (() => void) | undefined): void
  /**
   * Resolves to true when the memory is reserved: up to `bytes` it is not stopped. Callers take turns. Resolves to false if too many
   * requests of the caller wait, or `signal` is aborted.
   */
  reserve(bytes: number, signal: AbortSignal): Promise<boolean>
  /** From now on it is not given up any more: it writes. */
  keep(): void
  /** Its answer goes out now. */
  send(): void
  /** It holds nothing any more, whatever it still does. */
  release(): void
}

export class MemoryBudget {
  bytes = 0
  private readonly limit: number
  private readonly accounts = new Map<string, Account>()
  private readonly queue: MemoryQueue

  constructor(limitBytes: number) {
    this.limit = limitBytes
    this.queue = new MemoryQueue((bytes) => this.bytes + bytes <= limitBytes)
  }

  /** `caller` is asked when something is held; `giveUp` is called at most once. */
  open(caller: () => string, giveUp: () => void): Holding {
    return new RequestHolding(this, caller, giveUp)
  }

  /** Called when a holding has changed. */
  add(holding: RequestHolding, bytes: number): void {
    const account = this.accounts.get(holding.caller) ?? { bytes: 0, holdings: new Set<RequestHolding>() }
    account.bytes += bytes
    this.bytes += bytes
    if (holding.bytes > 0) account.holdings.add(holding)
    else account.holdings.delete(holding)
    if (account.holdings.size > 0) this.accounts.set(holding.caller, account)
    else this.accounts.delete(holding.caller)
    if (bytes <= 0) this.queue.dispatch()
    else this.stopWhatIsTooMuch(holding)
  }

  /** Resolves when there is room, and `take` was called; see Holding. */
  reserve(
    caller: string,
    bytes: number,
    options: { take(bytes: number): void; signal: AbortSignal },
  ): Promise<boolean> {
    const most = Math.floor(MAX_RESERVED_SHARE * this.limit)
    return this.queue.wait(caller, Math.min(bytes, most), options)
  }

  private stopWhatIsTooMuch(latest: RequestHolding): void {
    if (this.queue.size > 0 && latest.mustWait) latest.stop()
    while (this.bytes > this.limit) {
      const victim = this.victim((one) => !one.hasReserved) ?? this.victim(() => true)
      if (victim === undefined) return
      victim.stop()
    }
  }

  /** Undefined if none of the requests that `admits` may be stopped now. */
  private victim(admits: (holding: RequestHolding) => boolean): RequestHolding | undefined {
    const accounts = [...this.accounts.values()].sort((a, b) => b.bytes - a.bytes)
    for (const { holdings } of accounts) {
      let largest: RequestHolding | undefined
      for (const one of holdings as Set<RequestHolding>) {
        if (one.mayBeStopped && admits(one) && one.bytes > (largest?.bytes ?? 0)) largest = one
      }
      if (largest) return largest
    }
    return undefined
  }
}

class RequestHolding implements Holding {
  bytes = 0
  isGivenUp = false
  private used = 0
  private reserved = 0
  private isKept = false
  /** What a mutation reads after its client is gone would never be released again. */
  private isReleased = false
  private sendingSince: number | undefined
  private onStopped: (() => void) | undefined
  private readonly budget: MemoryBudget
  private readonly callerNow: () => string
  private readonly onGivenUp: () => void
  private known: string | undefined

  constructor(budget: MemoryBudget, caller: () => string, onGivenUp: () => void) {
    this.budget = budget
    this.callerNow = caller
    this.onGivenUp = onGivenUp
  }

  get caller(): string {
    this.known ??= this.callerNow()
    return this.known
  }

  hold(bytes: number): void {
    if (this.isReleased) return
    this.used = bytes
    this.update()
  }

  onStop(stop: (() => void) | undefined): void {
    this.onStopped = stop
  }

  reserve(bytes: number, signal: AbortSignal): Promise<boolean> {
    const take = (taken: number): void => {
      if (this.isReleased) return
      this.reserved = taken
      this.update()
    }
    return this.budget.reserve(this.caller, bytes, { take, signal })
  }

  keep(): void {
    this.isKept = true
  }

  send(): void {
    this.sendingSince = performance.now()
    this.isKept = false
    this.reserved = 0
    this.update()
  }

  get hasReserved(): boolean {
    return this.reserved > 0
  }

  /** Whether it must let those pass that wait for memory. */
  get mustWait(): boolean {
    return this.onStopped !== undefined && !this.hasReserved && this.bytes >= LARGE_BYTES
  }

  get mayBeStopped(): boolean {
    const isSending = this.sendingSince !== undefined && performance.now() - this.sendingSince < SENDING_MS
    const isWithinReserved = this.hasReserved && this.used <= this.reserved
    return !this.isKept && !isSending && !isWithinReserved && this.bytes >= SMALL_BYTES
  }

  stop(): void {
    const stop = this.onStopped
    this.onStopped = undefined
    if (stop) {
      this.giveBack()
      stop()
      return
    }
    this.release()
    this.isGivenUp = true
    this.onGivenUp()
  }

  release(): void {
    this.giveBack()
    this.isReleased = true
  }

  private giveBack(): void {
    this.reserved = 0
    this.hold(0)
  }

  private update(): void {
    const bytes = Math.max(this.used, this.reserved)
    const more = bytes - this.bytes
    if (more === 0) return
    this.bytes = bytes
    this.budget.add(this, more)
  }
}
