// The state of the ledger that is shown: loads it again and again while the page is open.
import { signal } from '@preact/signals'
import { OperationsDocument, type OperationsQuery } from '../api/documents.generated.ts'
import { messageOf, request } from '../api/request.ts'

export type State = NonNullable<OperationsQuery['operations']>

/** Pause between two requests. */
const PAUSE_MS = 5000

export class Operations {
  readonly state = signal<State | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)

  private readonly stopped = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

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
      const { operations } = await request(OperationsDocument, {}, { signal })
      this.state.value = operations ?? undefined
      this.error.value = undefined
    } catch (error) {
      if (!signal.aborted) this.error.value = messageOf(error)
    }
  }
}
