// Turns on the thread of this process for work that keeps it for long. Callers are served in turn. After each turn its caller pauses, so that
// all of this work together takes half of the thread, and the rest of the process has the other half.
import { RoundRobin } from './roundRobin.ts'

export class PacedTurns {
  private readonly waiting = new RoundRobin<() => void>()
  /** Until when each caller pauses. */
  private readonly pauses = new Map<string, number>()
  private readonly now: () => number
  private isRunning = false
  private timer: NodeJS.Timeout | undefined

  /** `now` is a clock that never goes back, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  /** Resolves when the caller may begin. Its turn is what it does before it awaits anything but promises that are resolved. */
  next(caller: string): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(caller, resolve)
      this.begin()
    })
  }

  private begin(): void {
    clearTimeout(this.timer)
    if (this.isRunning) return
    this.isRunning = true
    setImmediate(() => this.pass())
  }

  private pass(): void {
    const startedAt = this.now()
    const next = this.waiting.shift((caller) => (this.pauses.get(caller) ?? 0) <= startedAt)
    if (next === undefined) {
      this.sleep(startedAt)
      return
    }
    next.item()
    setImmediate(() => {
      this.pause(next.caller, startedAt)
      this.pass()
    })
  }

  /** A pause is as long as the turn, for each caller that pauses: the turns of others do not count as a pause. */
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
    this.timer = setTimeout(() => this.begin(), Math.min(...ends) - now)
  }
}
