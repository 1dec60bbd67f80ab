// The records that a filter admits, from a position on, without end: first what is there, then what comes, without a gap and in the
// order of commit. Goes on as they are taken, and holds one small page.

import type { Position } from '../ledger/eventOrder.ts'
import type { EventRecord } from '../ledger/events.ts'
import { type BacklogOptions, newPageSize, readBacklog } from './backlog.ts'
import { type FollowOptions, retryWhileDown, retryWhileUnavailable } from './followOptions.ts'
import type { RecentRecord } from './recentRecords.ts'
import type { Shape } from './sharedRows.ts'
import type { EventSubscription } from './subscriptions.ts'

/**
 * One record at a time. The columns of the position are among those that were read.
 *
 * @throws the reason of `signal`; InvalidInputError for a bad filter; TimelineEndedError; EventTooLargeError; what the database throws if it does not come back
 */
export async function* followEvents(given: FollowOptions): AsyncGenerator<EventRecord, never> {
  const options = { ...given, pageSize: newPageSize(given.feed.maxRowBytes) }
  const watch = await retryWhileDown(options, () => options.feed.subscribe(options.filter))
  try {
    for (let position = options.behind; ; ) {
      position = yield* readBacklog(options, position)
      position = yield* readLive(options, watch, position)
    }
  } finally {
    watch.close()
  }
}

/** What happens from a position on; returns the position to go on from when the subscriber has fallen behind. */
async function* readLive(
  options: BacklogOptions,
  watch: EventSubscription,
  from: Position,
): AsyncGenerator<EventRecord, Position, undefined> {
  const { feed, select, signal, caller } = options
  const shape = feed.rows.shapeOf(select)
  for (let position = from; ; ) {
    const found = await watch.next(position, signal)
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
  // Many wait for the same row: they are not all served at once.
  await feed.turns.next(caller)
  signal.throwIfAborted()
  return row
}

function isList(found: RecentRecord[] | Position): found is RecentRecord[] {
  return Array.isArray(found)
}
