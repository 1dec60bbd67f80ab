// The timelines of a ledger. A new one starts when the database was restored, promoted or copied
// (migration 20261128000002_guards). Decides whether a position is still valid, and on which
// timeline a record was written.
import { comparePositions, type OrderKey, type Position } from './eventOrder.ts'
import type { LedgerDatabase } from './ledger.ts'

/**
 * The position is on a timeline that has ended, and may be after records that were lost with it.
 */
export class TimelineEndedError extends Error {
  override readonly name = 'TimelineEndedError'
  readonly code = 'TIMELINE_ENDED'

  constructor() {
    super(
      'The ledger was restored or failed over and may have lost its last records. Reconnect ' +
        'with the cursor of your last event: ' +
        'it is accepted if no record up to it was lost.',
    )
  }
}

interface Timeline {
  readonly epoch: bigint
  /** The transaction id of its first record. */
  readonly beginsAt: bigint
  /** The last position that it certainly shares with the previous timeline. */
  readonly common: OrderKey
}

/** The current timeline and horizon, read in the same statement as the records. */
export interface Head {
  readonly epoch: bigint
  readonly horizon: bigint
}

/**
 * The timelines of each database up to the cached epoch. Timelines never change once they exist.
 */
const cache = new WeakMap<object, { readonly epoch: bigint; readonly timelines: readonly Timeline[] }>()

/** @throws TimelineEndedError if the position is no longer valid */
export async function requireSameTimeline(ledger: LedgerDatabase, position: Position, head: Head): Promise<void> {
  if (!(await isStillValid(ledger, position, head))) throw new TimelineEndedError()
}

/**
 * Whether the records up to the position are still the same as those that were read on its
 * timeline.
 */
export async function isStillValid(ledger: LedgerDatabase, position: Position, head: Head): Promise<boolean> {
  if (position.transactionId > head.horizon) return false
  return position.epoch === head.epoch || isCommon(ledger, position, head.epoch)
}

async function isCommon(ledger: LedgerDatabase, position: Position, epoch: bigint): Promise<boolean> {
  if (position.transactionId === 0n) return true
  const timelines = await timelinesUpTo(ledger, epoch)
  const index = position.epoch === 0n ? 0 : timelines.findIndex((timeline) => timeline.epoch === position.epoch)
  return index >= 0 && timelines.slice(index + 1).every(({ common }) => comparePositions(position, common) <= 0)
}

/**
 * Returns a function from a record, read on the timeline `epoch`, to the epoch of its writing;
 * undefined for the first timeline.
 */
export async function epochsOfWriting(
  ledger: LedgerDatabase,
  epoch: bigint,
): Promise<(record: Pick<OrderKey, 'transactionId'>) => bigint | undefined> {
  const [, ...later] = await timelinesUpTo(ledger, epoch)
  return ({ transactionId }) => later.findLast(({ beginsAt }) => beginsAt <= transactionId)?.epoch
}

async function timelinesUpTo({ prisma }: LedgerDatabase, epoch: bigint): Promise<readonly Timeline[]> {
  const last = cache.get(prisma)
  if (last?.epoch === epoch) return last.timelines
  const rows = await prisma.ledgerTimeline.findMany({ where: { epoch: { lte: epoch } }, orderBy: { epoch: 'asc' } })
  const timelines = rows.map(({ commonTransactionId, commonRecordId, ...row }) => ({
    epoch: row.epoch,
    beginsAt: row.beginsAt,
    common: { transactionId: commonTransactionId, id: commonRecordId },
  }))
  cache.set(prisma, { epoch, timelines })
  return timelines
}
