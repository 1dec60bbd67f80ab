// What no stream reports: loads it again and again while the page is open.
import { signal } from '@preact/signals'
import { messageOf } from './request.ts'

/** Pause between two requests. */
const PAUSE_MS = 5000

export class Polled<State> {
  readonly state = signal<State | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)

  private readonly read: (signal: AbortSignal) => Promise<State | undefined>
  private readonly stopped = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(read: (signal: AbortSignal) => Promise<State | undefined>) {
    this.read = read
  }

  /** Loads now, and then after each pause while the page is visible. */
  async load(): Promise<void> {
    clearTimeout(this.timer)
    if (document.visibilityState === 'visible') await this.loadOnce()
    if (!this.stopped.signal.aborted) this.timer = setTimeout(() => void this.load(), PAUSE_MS)
  }

  stop(): void {
    this.stopped.abort()
    clearTimeout(this.timer)
  }

  private async loadOnce(): Promise<void> {
    const { signal } = this.stopped
    try {
      this.state.value = await this.read(signal)
      this.error.value = undefined
    } catch (error) {
      if (!signal.aborted) this.error.value = messageOf(error)
    }
  }
}
