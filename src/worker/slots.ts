// The jobs in progress. The claim loop waits here for a free slot.
import type { HeldJob } from './heldJob.ts'

export class Slots {
  readonly held = new Set<HeldJob>()
  private readonly running = new Set<Promise<void>>()
  private readonly size: number
  private isNotified = false
  private wake: (() => void) | undefined

  constructor(size: number) {
    this.size = size
  }

  get free(): number {
    return this.size - this.held.size
  }

  /** Holds the job until `work`, which never rejects, ends. */
  fill(held: HeldJob, work: () => Promise<void>): void {
    this.held.add(held)
    const done = work().finally(() => {
      this.held.delete(held)
      this.running.delete(done)
      this.notify()
    })
    this.running.add(done)
  }

  /** Ends the current wait, or the next one if none is active. */
  notify(): void {
    this.isNotified = true
    this.wake?.()
  }

  /** Waits for a notification, such as a free slot, for at most `ms` if given. */
  async wait(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.wake = resolve
      if (this.isNotified) resolve()
      else if (ms !== undefined) timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
    this.wake = undefined
    this.isNotified = false
  }

  /** Resolves when all jobs have ended. */
  async whenEmpty(): Promise<void> {
    await Promise.all(this.running)
  }
}
