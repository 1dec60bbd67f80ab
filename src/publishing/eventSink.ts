// Whom the ledger is handed on to: a broker, or a file. This is all that another broker has to do.
import type { LedgerEvent } from './ledgerEvent.ts'

/** An event that a sink will never accept. */
export interface RefusedEvent {
  readonly event: LedgerEvent
  /** A sentence. */
  readonly reason: string
}

export interface EventSink {
  /** Names the consumer that keeps the place: what kind it is, and where it goes. Another place is another consumer. */
  readonly name: string
  /**
   * Resolves when all events are where they cannot be lost, to those that it refuses for good. Those of one job must arrive in their order; the
   * events may be handed over again, all of them, when it rejects or the process ends before.
   */
  publish(events: readonly LedgerEvent[]): Promise<readonly RefusedEvent[]>
  close(): Promise<void>
}
