// Whom the ledger is handed on to: a broker, or a file. This is all that another broker has to do.
import type { LedgerEvent } from './ledgerEvent.ts'

export interface EventSink {
  /** Names the follower that keeps the place: what kind it is, and where it goes. Another place is another follower. */
  readonly name: string
  /**
   * Resolves when all events are where they cannot be lost. Those of one job must arrive in their order; the events may be handed over again, all
   * of them, when it rejects or the process ends before.
   */
  publish(events: readonly LedgerEvent[]): Promise<void>
  close(): Promise<void>
}
