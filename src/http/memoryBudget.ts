// How much memory the requests of this process may take together: their bodies, the rows that they read, their answers. When it is used up
// the largest request of the caller who has most is given up: whoever asks for little is always served, and answers that go out have time to.
import { getHeapStatistics } from 'node:v8'

/** Of the heap that Node allows. What is counted is an estimate, and there is more than requests. */
const HEAP_SHARE = 0.25

/** Requests that hold less are never given up. */
const SMALL_BYTES = 256 * 1024
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

  constructor(limitBytes: number) {
    this.limit = limitBytes
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
    if (bytes <= 0) return
    while (this.bytes > this.limit) {
      const victim = this.victim()
      if (victim === undefined) return
      victim.giveUp()
    }
  }

  /** Undefined if none of the requests may be given up now. */
  private victim(): RequestHolding | undefined {
    const accounts = [...this.accounts.values()].sort((a, b) => b.bytes - a.bytes)
    for (const { holdings } of accounts) {
      let largest: RequestHolding | undefined
      for (const one of holdings as Set<RequestHolding>) {
        if (one.mayBeGivenUp && one.bytes > (largest?.bytes ?? 0)) largest = one
      }
      if (largest) return largest
    }
    return undefined
  }
}

class RequestHolding implements Holding {
  bytes = 0
  isGivenUp = false
  private isKept = false
  /** What a mutation reads after its client is gone would never be released again. */
  private isReleased = false
  private sendingSince: number | undefined
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
    if (this.isReleased || bytes === this.bytes) return
    const more = bytes - this.bytes
    this.bytes = bytes
    this.budget.add(this, more)
  }

  keep(): void {
    this.isKept = true
  }

  send(): void {
    this.sendingSince = performance.now()
    this.isKept = false
  }

  get mayBeGivenUp(): boolean {
    const isSending = this.sendingSince !== undefined && performance.now() - this.sendingSince < SENDING_MS
    return !this.isKept && !isSending && this.bytes >= SMALL_BYTES
  }

  giveUp(): void {
    this.release()
    this.isGivenUp = true
    this.onGivenUp()
  }

  release(): void {
    this.hold(0)
    this.isReleased = true
  }
}
