// The order in which followers read the ledger: that of the transaction ids, among which the database sees to it that no record of a
// job comes before an earlier one, and that nothing appears below the horizon any more (migration 20261125000001_events).
import { decodeCursor, encodeCursor, type KeysetOrder } from '../database/keyset.ts'

/** A place in the ledger: everything up to it, including the record itself, has been read. */
export interface Position {
  readonly transactionId: bigint
  /** Of the record; 0: before the first of the transaction. */
  readonly id: bigint
}

export const EVENT_ORDER: KeysetOrder = {
  name: 'events',
  direction: 'asc',
  key: [
    { field: 'transactionId', column: 'job_states.transaction_id', kind: 'bigint' },
    { field: 'id', column: 'job_states.id', kind: 'bigint' },
  ],
}

/** Before the first record. */
export const BEGINNING: Position = { transactionId: 0n, id: 0n }

/** Negative if `a` comes before `b`, 0 if they are the same. */
export function comparePositions(a: Position, b: Position): number {
  if (a.transactionId !== b.transactionId) return a.transactionId < b.transactionId ? -1 : 1
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** For clients, who keep it and give it back. */
export function cursorOf({ transactionId, id }: Position): string {
  return encodeCursor(EVENT_ORDER, { transactionId, id })
}

/** @throws InvalidCursorError */
export function positionOf(cursor: string): Position {
  const [transactionId, id] = decodeCursor(EVENT_ORDER, cursor) as [bigint, bigint]
  return { transactionId, id }
}
