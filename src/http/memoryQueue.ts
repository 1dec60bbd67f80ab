// Requests that wait for memory. Callers take turns. The first request in line waits until it has
// enough, and no other one overtakes it.
import { RoundRobin } from '../fairness/roundRobin.ts'

/** Maximum number of waiting requests of one caller. */
const MAX_WAITING_PER_CALLER = 20

interface Waiter {
  readonly caller: string
  readonly bytes: number
  start(): void
}

export class MemoryQueue {
  private readonly fits: (bytes: number) => boolean
  private readonly waiting = new RoundRobin<Waiter>()
  private readonly waitingOf = new Map<string, number>()

  /** `fits` returns whether `bytes` of memory are free. */
  constructor(fits: (bytes: number) => boolean) {
    this.fits = fits
  }

  get size(): number {
    return this.waiting.size
  }

  /**
   * Resolves to true once the memory is free and `take` was called; to false if too many requests
   * of the caller wait, or when `signal` is aborted.
   */
  wait(
    caller: string,
    bytes: number,
    { take, signal }: { take(bytes: number): void; signal: AbortSignal },
  ): Promise<boolean> {
    const count = this.waitingOf.get(caller) ?? 0
    if (count >= MAX_WAITING_PER_CALLER || signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const leave = (hasTaken: boolean): void => {
        signal.removeEventListener('abort', cancel)
        this.remove(waiter)
        if (hasTaken) take(bytes)
        else this.dispatch()
        resolve(hasTaken)
      }
      const cancel = (): void => leave(false)
      const waiter: Waiter = { caller, bytes, start: () => leave(true) }
      signal.addEventListener('abort', cancel, { once: true })
      this.waitingOf.set(caller, count + 1)
      this.waiting.push(caller, waiter)
      this.dispatch()
    })
  }

  /** Must be called when memory becomes free. */
  dispatch(): void {
    // Each start takes memory, which changes the result of `fits`.
    for (let first = this.takeFirst(); first; first = this.takeFirst()) first.start()
  }

  private takeFirst(): Waiter | undefined {
    const first = this.waiting.peek()
    if (first === undefined || !this.fits(first.bytes)) return undefined
    return this.waiting.shift()?.item
  }

  private remove(waiter: Waiter): void {
    this.waiting.remove(waiter.caller, waiter)
    const left = (this.waitingOf.get(waiter.caller) ?? 0) - 1
    if (left > 0) this.waitingOf.set(waiter.caller, left)
    else this.waitingOf.delete(waiter.caller)
  }
}
