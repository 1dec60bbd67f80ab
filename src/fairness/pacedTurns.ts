// Turns for work that blocks the thread for long. Callers are served in turn. After each turn the
// caller pauses, so that this work uses at most half of the thread in total, and the rest of the
// process has the other half.
import { RoundRobin } from './roundRobin.ts'

export class PacedTurns {
  private readonly waiting = new RoundRobin<() => void>()
  /** The end of each caller's pause. */
  private readonly pauses = new Map<string, number>()
  private readonly now: () => number
  private isRunning = false
  private timer: NodeJS.Timeout | undefined

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  /**
   * Resolves when it is the caller's turn. The turn lasts until the caller awaits a promise that is
   * not resolved yet.
   */
  next(caller: string): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(caller, resolve)
      this.start()
    })
  }

  private start(): void {
    clearTimeout(this.timer)
    if (this.isRunning) return
    this.isRunning = true
    setImmediate(() => this.runNext())
  }

  private runNext(): void {
    const startedAt = this.now()
    const next = this.waiting.shift((caller) => (this.pauses.get(caller) ?? 0) <= startedAt)
    if (next === undefined) {
      this.sleep(startedAt)
      return
    }
    next.item()
    setImmediate(() => {
      this.pause(next.caller, startedAt)
      this.runNext()
    })
  }

  /**
   * The pause is the length of the turn, once for each pausing caller. The turns of others extend
   * it.
   */
  private pause(caller: string, startedAt: number): void {
    const now = this.now()
    const tookMs = now - startedAt
    for (const [other, end] of this.pauses) {
      if (end > startedAt) this.pauses.set(other, end + tookMs)
      else this.pauses.delete(other)
    }
    this.pauses.set(caller, now + tookMs * (this.pauses.size + 1))
  }

  private sleep(now: number): void {
    this.isRunning = false
    if (this.waiting.size === 0) return
    const ends = [...this.pauses.values()].filter((end) => end > now)
    this.timer = setTimeout(() => this.start(), Math.min(...ends) - now)
  }
}
