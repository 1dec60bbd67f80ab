// The destination of published events: a broker or a file. Another broker implements this
// interface.
import type { LedgerEvent } from './ledgerEvent.ts'

/** An event that a sink refuses permanently. */
export interface RefusedEvent {
  readonly event: LedgerEvent
  /** A sentence. */
  readonly reason: string
}

export interface EventSink {
  /**
   * Name of the consumer that keeps the checkpoint: the kind and destination. Another destination
   * is another consumer.
   */
  readonly name: string
  /**
   * Resolves when all events are stored durably, to those that the sink refuses permanently. Events
   * of one job must arrive in order. If it rejects, or the process ends first, all events are
   * published again.
   */
  publish(events: readonly LedgerEvent[]): Promise<readonly RefusedEvent[]>
  close(): Promise<void>
}
