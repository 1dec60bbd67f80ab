// Stores for operators that a consumer fails, and why, until it works again.
import { failureText } from '../database/service.ts'
import { clearConsumerFailure, recordConsumerFailure } from '../ledger/consumers.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** A process that has lost the work may still store a failure. */
const CLEAR_TTL_MS = 30_000

export class ConsumerFailures {
  private readonly ledger: Ledger
  private readonly name: string
  /** When it was last known that no failure is stored. */
  private clearAt = Number.NEGATIVE_INFINITY

  constructor(ledger: Ledger, name: string) {
    this.ledger = ledger
    this.name = name
  }

  /** Never rejects: the consumer logs the error itself. */
  async failed(error: unknown): Promise<void> {
    this.clearAt = Number.NEGATIVE_INFINITY
    await recordConsumerFailure(this.ledger, this.name, failureText(error)).catch(() => undefined)
  }

  /** Never rejects. */
  async succeeded(): Promise<void> {
    if (performance.now() - this.clearAt < CLEAR_TTL_MS) return
    await clearConsumerFailure(this.ledger, this.name).then(
      () => {
        this.clearAt = performance.now()
      },
      () => undefined,
    )
  }
}
