// The records that a filter admits, from a position on and for ever: first what is there, then what comes, without a gap and in the
// order of commit. Reads from the database at the pace of whoever takes them, and holds one small page.
import pRetry from 'p-retry'
import type { JobStateRecord, Prisma } from '../database/generated/client.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { portionBehind, readEvents } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import type { EventFeed, FollowerLog } from './eventFeed.ts'

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
  readonly log: FollowerLog
}

/** Records that are read by one statement, and held until they are taken. */
const PAGE = 50
/** Records that one statement looks at, for those that the filter admits. */
const PORTION = 10_000
/** A database that is away is waited for so long. */
const PATIENCE_MS = 60_000
const LOOK_AGAIN_MS = { first: 100, last: 2000 }

/**
 * Pages of records, never empty. The columns of the position are among those that were read.
 *
 * @throws the reason of `signal`; InvalidInputError for a bad filter; what the database throws if it does not come back
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<JobStateRecord[], never> {
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

/** Everything between a position and the horizon; returns the position at the horizon. */
async function* whatIsThere(options: FollowOptions, from: Position): AsyncGenerator<JobStateRecord[], Position> {
  const { ledger, filter, select } = options
  for (let behind = from; ; ) {
    const { end, isLast, isEmpty } = await patiently(options, () => portionBehind(ledger, behind, PORTION))
    while (!isEmpty) {
      const request = { behind, upTo: end, filter, select, most: PAGE }
      const page = await patiently(options, () => readEvents(ledger, request))
      const last = page.at(-1)
      if (last) yield page
      if (!last || page.length < PAGE) break
      behind = last
    }
    if (isLast) return end
    behind = end
  }
}

/** Waits for a database that is away: its readers need not come again, all at once. */
function patiently<T>({ signal, log }: FollowOptions, work: () => Promise<T>): Promise<T> {
  return pRetry(
    (attempt) => {
      signal.throwIfAborted()
      if (attempt === 2) log.debug({}, 'a reader of events waits for the database')
      return work()
    },
    {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: LOOK_AGAIN_MS.first,
      maxTimeout: LOOK_AGAIN_MS.last,
      maxRetryTime: PATIENCE_MS,
      signal,
      shouldRetry: ({ error }) => !(error instanceof InvalidInputError),
    },
  )
}
