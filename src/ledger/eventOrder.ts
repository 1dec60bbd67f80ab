// The order in which consumers read the ledger: that of the transaction ids, among which the database sees to it that no record of a
// job comes before an earlier one, and that nothing appears below the horizon any more (migration 20261128000002_guards). Transaction
// ids mean something within one timeline alone (timelines.ts), which is why a position names its epoch.
import { decodeCursor, encodeCursor, InvalidCursorError, type KeysetOrder } from '../database/keyset.ts'

/** A record in the order. */
export interface OrderKey {
  readonly transactionId: bigint
  /** Of the record; 0: before the first of the transaction. */
  readonly id: bigint
}

/** A place in the ledger: everything up to it, including the record itself, has been read. */
export interface Position extends OrderKey {
  /** The timeline that it was read on. 0 in cursors that name none: the first timeline of the ledger. */
  readonly epoch: bigint
}

export const EVENT_ORDER: KeysetOrder = {
  name: 'events',
  direction: 'asc',
  key: [
    { field: 'transactionId', column: 'job_states.transaction_id', kind: 'bigint' },
    { field: 'id', column: 'job_states.id', kind: 'bigint' },
  ],
}

/** What a cursor holds. */
const CURSOR: KeysetOrder = {
  ...EVENT_ORDER,
  key: [...EVENT_ORDER.key, { field: 'epoch', column: 'ledger_timelines.epoch', kind: 'bigint' }],
}

/** Before the first record, on every timeline. */
export const BEGINNING: Position = { epoch: 0n, transactionId: 0n, id: 0n }

/** Negative if `a` comes before `b`, 0 if they are the same. Both are of one timeline. */
export function comparePositions(a: OrderKey, b: OrderKey): number {
  if (a.transactionId !== b.transactionId) return a.transactionId < b.transactionId ? -1 : 1
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** For clients, who keep it and give it back. */
export function cursorOf({ epoch, transactionId, id }: Position): string {
  return encodeCursor(CURSOR, { epoch, transactionId, id })
}

/** @throws InvalidCursorError */
export function positionOf(cursor: string): Position {
  const [transactionId, id, epoch] = decoded(cursor) as [bigint, bigint, bigint | undefined]
  return { epoch: epoch ?? 0n, transactionId, id }
}

function decoded(cursor: string): unknown[] {
  try {
    return decodeCursor(CURSOR, cursor)
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error
    // Cursors of version 0.1.0 before timelines name no epoch.
    return decodeCursor(EVENT_ORDER, cursor)
  }
}
