// Limits concurrent work, in total and for each caller.
import { RoundRobin } from './roundRobin.ts'

/** Frees the slot. Safe to call twice. */
export type Release = () => void

export class FairGate {
  private taken = 0
  private readonly max: number
  private readonly maxPerCaller: number
  private readonly takenBy = new Map<string, number>()
  private readonly waiting = new RoundRobin<() => void>()

  /** At most `max` slots in total, and at most `maxPerCaller` for one caller. */
  constructor(max: number, maxPerCaller = max) {
    this.max = max
    this.maxPerCaller = maxPerCaller
  }

  /** Resolves when the caller has a slot. */
  async enter(caller: string): Promise<Release> {
    if (this.taken < this.max && this.admits(caller)) this.take(caller)
    else await new Promise<void>((resolve) => this.waiting.push(caller, resolve))
    let isTaken = true
    return () => {
      if (isTaken) this.free(caller)
      isTaken = false
    }
  }

  async run<T>(caller: string, work: () => Promise<T>): Promise<T> {
    const release = await this.enter(caller)
    try {
      return await work()
    } finally {
      release()
    }
  }

  private admits(caller: string): boolean {
    return (this.takenBy.get(caller) ?? 0) < this.maxPerCaller
  }

  private take(caller: string): void {
    this.taken += 1
    this.takenBy.set(caller, (this.takenBy.get(caller) ?? 0) + 1)
  }

  private free(caller: string): void {
    this.taken -= 1
    const left = (this.takenBy.get(caller) ?? 0) - 1
    if (left > 0) this.takenBy.set(caller, left)
    else this.takenBy.delete(caller)
    const next = this.waiting.shift((caller) => this.admits(caller))
    if (next === undefined) return
    this.take(next.caller)
    next.item()
  }
}
