// Events are delivered in turns, round-robin between callers: thousands of subscriptions to the
// same event must not delay events or requests of other callers.
import { RoundRobin } from '../fairness/roundRobin.ts'

export class DeliveryTurns {
  private readonly waiting = new RoundRobin<() => void>()
  private isRunning = false

  /** Resolves when a subscription of the caller may deliver one event. */
  next(caller: string): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(caller, resolve)
      if (this.isRunning) return
      this.isRunning = true
      setImmediate(() => this.runNext())
    })
  }

  // One turn in each pass of the event loop: a request takes several passes and would wait for all
  // turns of each.
  private runNext(): void {
    this.waiting.shift()?.item()
    this.isRunning = this.waiting.size > 0
    if (this.isRunning) setImmediate(() => this.runNext())
  }
}
