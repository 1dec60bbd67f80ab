// Events are delivered in turns, because this process does one thing at a time: thousands of subscriptions that want the same event must
// delay neither the events of other callers nor their requests.
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
      setImmediate(() => this.pass())
    })
  }

  // One turn in each pass of the event loop: a request takes several passes, and each would wait for all turns of the pass.
  private pass(): void {
    this.waiting.shift()?.item()
    this.isRunning = this.waiting.size > 0
    if (this.isRunning) setImmediate(() => this.pass())
  }
}
