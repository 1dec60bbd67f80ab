// The order in which consumers read the ledger: by transaction id. The database guarantees that the
// records of a job stay in sequence, and that no record appears below the horizon later (migration
// 20261128000002_guards). Transaction ids are only comparable within one timeline (timelines.ts),
// so a position includes its epoch.
import { decodeCursor, encodeCursor, InvalidCursorError, type KeysetOrder } from '../database/keyset.ts'

/** The key of a record in this order. */
export interface OrderKey {
  readonly transactionId: bigint
  /** The id of the record. 0: before the first record of the transaction. */
  readonly id: bigint
}

/** A position in the ledger: all records up to and including this key were read. */
export interface Position extends OrderKey {
  /**
   * The timeline on which it was read. 0 in cursors without an epoch: the first timeline of the
   * ledger.
   */
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

/** The fields of a cursor. */
const CURSOR: KeysetOrder = {
  ...EVENT_ORDER,
  key: [...EVENT_ORDER.key, { field: 'epoch', column: 'ledger_timelines.epoch', kind: 'bigint' }],
}

/** Before the first record, on every timeline. */
export const BEGINNING: Position = { epoch: 0n, transactionId: 0n, id: 0n }

/** Negative if `a` precedes `b`, 0 if they are equal. Both must be on the same timeline. */
export function comparePositions(a: OrderKey, b: OrderKey): number {
  if (a.transactionId !== b.transactionId) return a.transactionId < b.transactionId ? -1 : 1
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** Encodes a position as an opaque cursor for clients. */
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
    // Cursors from before timelines existed have no epoch.
    return decodeCursor(EVENT_ORDER, cursor)
  }
}
