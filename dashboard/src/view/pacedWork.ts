// Work that events ask for much more often than it should run.

/**
 * Runs `work` when it is requested, one run at a time, with a pause after each. Requests in the
 * meantime are merged into one more run.
 */
export class PacedWork {
  private readonly work: () => Promise<void>
  private readonly pauseMs: number
  private isRequested = false
  private isBusy = false
  private isStopped = false

  constructor(work: () => Promise<void>, pauseMs: number) {
    this.work = work
    this.pauseMs = pauseMs
  }

  request(): void {
    this.isRequested = true
    if (!this.isBusy && !this.isStopped) void this.run()
  }

  stop(): void {
    this.isStopped = true
  }

  private async run(): Promise<void> {
    this.isBusy = true
    while (this.isRequested && !this.isStopped) {
      this.isRequested = false
      await this.work()
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs))
    }
    this.isBusy = false
  }
}
