// Logs how many refusals were dropped: at most one line a minute, because callers can cause it at
// will, and without losing count.
import type { ServiceLog } from '../database/service.ts'

const MINUTE_MS = 60_000

export class DroppedReport {
  private readonly log: ServiceLog
  private count = 0
  private facts: object = {}
  private writtenAt = Number.NEGATIVE_INFINITY

  constructor(log: ServiceLog) {
    this.log = log
  }

  /** `facts` are about the latest of them. */
  add(count: number, facts: object = {}): void {
    if (count === 0) return
    this.count += count
    this.facts = facts
  }

  write(): void {
    if (this.count === 0) return
    this.log.warn({ ...this.facts, refusals: this.count }, 'refused attempts not stored')
    this.count = 0
    this.writtenAt = performance.now()
  }

  writeIfDue(): void {
    if (performance.now() - this.writtenAt >= MINUTE_MS) this.write()
  }
}
