// The records that a filter admits, from a position on and for ever: first what is there, then what comes, without a gap and in the
// order of commit. Reads from the database at the pace of whoever takes them, and holds one small page.

import pRetry from 'p-retry'
import { givenUpOn, type StatementWatch } from '../database/cancellation.ts'
import type { ChoreLog } from '../database/chore.ts'
import type { Prisma } from '../database/generated/client.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { type EventRecord, type EventsRequest, portionBehind, readEvents } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'
import type { EventFeed } from './eventFeed.ts'

export interface FollowOptions {
  readonly ledger: Ledger
  readonly feed: EventFeed
  /** The records behind this position. */
  readonly behind: Position
  readonly filter: JobStateRecordFilter
  /** Which columns and relations to read; by default every column. */
  readonly select?: Prisma.JobStateRecordSelect | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  /** Told of each statement when it has ended. */
  readonly statementEnded?: StatementWatch['ended']
  readonly log: ChoreLog
}

/** Records that are read by one statement, and held until they are taken: few at first, and as many as their size allows. */
const PAGE = { first: 4, most: 50 }
/** Of what is held, as the database sends it. A single record may be larger. */
const PAGE_BYTES = 128 * 1024
/** Records that one statement looks at, for those that the filter admits. */
const PORTION = 10_000
/** A database that is away is waited for so long. */
const PATIENCE_MS = 60_000
const LOOK_AGAIN_MS = { first: 100, last: 2000 }

/**
 * Pages of records, never empty. The columns of the position are among those that were read.
 *
 * @throws the reason of `signal`; InvalidInputError for a bad filter; TimelineEndedError; what the database throws if it does not come back
 */
export async function* followEvents(given: FollowOptions): AsyncGenerator<EventRecord[], never> {
  const options = { ...given, pageSize: new PageSize() }
  const { feed, filter, signal } = options
  const watch = await patiently(options, () => feed.watch(filter))
  try {
    for (let position = options.behind; ; position = await watch.next(position, signal)) {
      position = yield* whatIsThere(options, position)
    }
  } finally {
    watch.close()
  }
}

interface Reading extends FollowOptions {
  readonly pageSize: PageSize
}

/** Everything between a position and the horizon; returns the position at the horizon. */
async function* whatIsThere(options: Reading, from: Position): AsyncGenerator<EventRecord[], Position> {
  const { ledger, signal, statementEnded: ended } = options
  for (let behind = from; ; ) {
    const { end, isLast, isEmpty } = await patiently(options, () =>
      givenUpOn(signal, () => portionBehind(ledger, behind, PORTION), { ended }),
    )
    while (!isEmpty) {
      const most = options.pageSize.records
      const page = await readPage(options, { behind, upTo: end, most })
      const last = page.at(-1)
      if (last) yield page
      if (!last || page.length < most) break
      behind = last
    }
    if (isLast) return end
    behind = end
  }
}

async function readPage(
  options: Reading,
  portion: Pick<EventsRequest, 'behind' | 'upTo' | 'most'>,
): Promise<EventRecord[]> {
  const { ledger, filter, select, signal, pageSize, statementEnded: ended } = options
  let bytes = 0
  const page = await patiently(options, () => {
    bytes = 0
    const received = (more: number): void => {
      bytes += more
    }
    return givenUpOn(signal, () => readEvents(ledger, { ...portion, filter, select }), { received, ended })
  })
  pageSize.learn(page.length, bytes)
  return page
}

/** How many records a page may have, by what those of the last one weighed. */
class PageSize {
  records = PAGE.first

  learn(records: number, bytes: number): void {
    if (records === 0) return
    const fitting = Math.floor(PAGE_BYTES / (bytes / records || 1))
    this.records = Math.max(1, Math.min(PAGE.most, fitting, this.records * 2))
  }
}

/** Waits for a database that is away: its readers need not come again, all at once. */
function patiently<T>({ signal, log, feed }: FollowOptions, work: () => Promise<T>): Promise<T> {
  return pRetry(
    (attempt) => {
      signal.throwIfAborted()
      if (attempt === 2) log.debug({}, 'a reader of events waits for the database')
      return feed.read(work)
    },
    {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: LOOK_AGAIN_MS.first,
      maxTimeout: LOOK_AGAIN_MS.last,
      maxRetryTime: PATIENCE_MS,
      signal,
      shouldRetry: ({ error }) => !(error instanceof InvalidInputError || error instanceof TimelineEndedError),
    },
  )
}
