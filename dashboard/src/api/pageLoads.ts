// The loads of the page of a list, one at a time.
import { signal } from '@preact/signals'
import { isRefusal, messageOf } from './request.ts'

export class PageLoads {
  readonly error = signal<string | undefined>(undefined)
  /** Whether the API refuses the page: another load does not help. */
  readonly isRefused = signal(false)
  readonly isLoading = signal(false)

  private readonly read: () => Promise<void>
  private readonly stopped: AbortSignal
  private last: Promise<void> = Promise.resolve()
  private waiting = 0

  /** `read` loads the page and shows it. Its errors after `stopped` is aborted are left out. */
  constructor(read: () => Promise<void>, stopped: AbortSignal) {
    this.read = read
    this.stopped = stopped
  }

  /** Loads the page after the loads that were requested before. */
  load(): Promise<void> {
    this.waiting += 1
    this.isLoading.value = true
    this.last = this.last.then(() => this.loadNow())
    return this.last
  }

  /**
   * Resolves when no load runs. What happens during a load may not be in it: look for it
   * afterwards.
   */
  settled(): Promise<void> {
    return this.last
  }

  private async loadNow(): Promise<void> {
    try {
      await this.read()
      this.error.value = undefined
    } catch (error) {
      if (!this.stopped.aborted) {
        this.isRefused.value = isRefusal(error)
        this.error.value = messageOf(error)
      }
    }
    this.waiting -= 1
    this.isLoading.value = this.waiting > 0
  }
}
