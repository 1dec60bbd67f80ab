// Polls state that no stream reports, while the page is open.
import { signal } from '@preact/signals'
import { isRefusal, messageOf } from './request.ts'

/** Pause between two requests. */
const PAUSE_MS = 5000

interface PolledOptions<State> {
  /** Pause between two requests, in milliseconds. */
  readonly pauseMs?: number
  /** Whether the state will not change any more: it is not loaded again. */
  isFinal?(state: State): boolean
}

export class Polled<State> {
  readonly state = signal<State | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)
  /** Whether the API refuses it: then it is not loaded again. */
  readonly isRefused = signal(false)

  private readonly read: (signal: AbortSignal) => Promise<State | undefined>
  private readonly options: PolledOptions<State>
  private readonly stopped = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined
  /** The number of loads. Only the latest one shows its answer and continues. */
  private loads = 0

  constructor(read: (signal: AbortSignal) => Promise<State | undefined>, options: PolledOptions<State> = {}) {
    this.read = read
    this.options = options
  }

  /** Loads now, and then after each pause while the page is visible. */
  async load(): Promise<void> {
    clearTimeout(this.timer)
    this.loads += 1
    const load = this.loads
    const isCurrent = (): boolean => load === this.loads && !this.stopped.signal.aborted
    if (document.visibilityState === 'visible') await this.loadOnce(isCurrent)
    const { pauseMs = PAUSE_MS, isFinal } = this.options
    const state = this.state.value
    const isOver = this.isRefused.value || (state !== undefined && isFinal?.(state))
    if (isCurrent() && !isOver) this.timer = setTimeout(() => void this.load(), pauseMs)
  }

  stop(): void {
    this.stopped.abort()
    clearTimeout(this.timer)
  }

  private async loadOnce(isCurrent: () => boolean): Promise<void> {
    try {
      const state = await this.read(this.stopped.signal)
      if (!isCurrent()) return
      this.state.value = state
      this.error.value = undefined
    } catch (error) {
      if (!isCurrent()) return
      this.isRefused.value = isRefusal(error)
      this.error.value = messageOf(error)
    }
  }
}
