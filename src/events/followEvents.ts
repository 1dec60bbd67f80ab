// The matching records after a position, without end: first the backlog, then live records, without
// a gap and in commit order. Reads as they are consumed and holds one small page.

import type { Position } from '../ledger/eventOrder.ts'
import type { EventRecord } from '../ledger/events.ts'
import { type BacklogOptions, newPageSize, readBacklog } from './backlog.ts'
import { type FollowOptions, retryWhileUnavailable } from './followOptions.ts'
import type { RecentRecord } from './recentRecords.ts'
import type { Shape } from './sharedRows.ts'
import type { EventSubscription } from './subscriptions.ts'

/**
 * Yields one record at a time. The columns of the position are always read.
 *
 * @throws the reason of `signal`; InvalidInputError for a bad filter; TimelineEndedError;
 * EventTooLargeError; database errors that persist
 */
export async function* followEvents(given: FollowOptions): AsyncGenerator<EventRecord, never> {
  const options = { ...given, pageSize: newPageSize(given.feed.maxRowBytes) }
  const { subscription, after, isAtHead } = options.start
  try {
    for (let position = isAtHead ? after : yield* readBacklog(options, after); ; ) {
      position = yield* readLive(options, subscription, position)
      position = yield* readBacklog(options, position)
    }
  } finally {
    subscription.close()
  }
}

/**
 * Yields live records; returns the position to read the backlog from once the subscriber has fallen
 * behind.
 */
async function* readLive(
  options: BacklogOptions,
  subscription: EventSubscription,
  from: Position,
): AsyncGenerator<EventRecord, Position, undefined> {
  const { feed, select, signal, caller } = options
  const shape = feed.rows.shapeOf(select)
  for (let position = from; ; ) {
    const found = await subscription.next(position, signal)
    if (!isList(found)) return found
    for (const [index, record] of found.entries()) {
      await feed.turns.next(caller)
      signal.throwIfAborted()
      const row = feed.rows.find(shape, record) ?? (await readShared(options, shape, found.slice(index)))
      if (row) yield row
      position = record
    }
  }
}

async function readShared(
  options: BacklogOptions,
  shape: Shape,
  records: readonly RecentRecord[],
): Promise<EventRecord | undefined> {
  const { feed, caller, signal, statementEnded } = options
  const row = await retryWhileUnavailable(options, () =>
    feed.rows.read(shape, records, { caller, ended: statementEnded }),
  )
  // Many subscriptions may wait for the same row: deliver it in turns.
  await feed.turns.next(caller)
  signal.throwIfAborted()
  return row
}

function isList(found: RecentRecord[] | Position): found is RecentRecord[] {
  return Array.isArray(found)
}
