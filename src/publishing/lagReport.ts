// Logs the lag of a publisher once a minute while it is behind.
import type { ServiceLog } from '../database/service.ts'
import { type ConsumerState, listConsumers } from '../ledger/consumers.ts'
import type { Ledger } from '../ledger/ledger.ts'

const PERIOD_MS = 60_000
/** A smaller lag is normal. */
const MIN_REPORTED_SECONDS = 5

export class LagReport {
  private readonly ledger: Ledger
  private readonly name: string
  private readonly log: ServiceLog
  private reportedAt = performance.now()
  private wasBehind = false

  constructor(ledger: Ledger, name: string, log: ServiceLog) {
    this.ledger = ledger
    this.name = name
    this.log = log
  }

  /** Never rejects: the publisher logs database errors itself. */
  async reportIfDue(): Promise<void> {
    if (performance.now() - this.reportedAt < PERIOD_MS) return
    this.reportedAt = performance.now()
    const consumers = await listConsumers(this.ledger).catch(() => [])
    const consumer = consumers.find(({ name }) => name === this.name)
    if (consumer) this.report(consumer)
  }

  private report(consumer: ConsumerState): void {
    const { lagRecords, lagSeconds } = consumer
    const isBehind = lagSeconds > MIN_REPORTED_SECONDS
    const facts = { consumer: this.name, lagRecords, lagSeconds: Math.round(lagSeconds) }
    if (isBehind) this.log.warn(facts, 'publisher is lagging')
    else if (this.wasBehind) this.log.info(facts, 'publisher has caught up')
    this.wasBehind = isBehind
  }
}
