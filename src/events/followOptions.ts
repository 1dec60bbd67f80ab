// What it takes to follow the ledger, and how a database that is unavailable is waited for.
import pRetry from 'p-retry'
import type { StatementWatch } from '../database/cancellation.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { ServiceLog } from '../database/service.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { Position } from '../ledger/eventOrder.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'
import { EventTooLargeError } from './boundedRead.ts'
import type { EventFeed } from './eventFeed.ts'

export interface FollowOptions {
  readonly ledger: Ledger
  readonly feed: EventFeed
  /** For whom: turns are handed out round-robin between callers. */
  readonly caller: string
  /** The records behind this position. */
  readonly behind: Position
  readonly filter: JobStateRecordFilter
  /** Which columns and relations to read; by default every column. */
  readonly select?: Prisma.JobStateRecordSelect | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  /** Called for each statement when it has ended. */
  readonly statementEnded?: StatementWatch['onStatement']
  readonly log: ServiceLog
}

/** A database that is unavailable is waited for this long. */
const RETRY_TIMEOUT_MS = 60_000
const POLL_MS = { first: 100, last: 2000 }

/** What fails again however often it is tried. */
const FINAL = [InvalidInputError, TimelineEndedError, EventTooLargeError]

/** Runs a statement in turn, again and again while the database is unavailable: its readers need not come again, all at once. */
export function retryWhileDown<T>(options: FollowOptions, work: () => Promise<T>): Promise<T> {
  const { caller, feed } = options
  return retryWhileUnavailable(options, () => feed.statements.run(caller, work))
}

export function retryWhileUnavailable<T>({ signal, log }: FollowOptions, work: () => Promise<T>): Promise<T> {
  return pRetry(
    (attempt) => {
      signal.throwIfAborted()
      if (attempt === 2) log.debug({}, 'subscription waits for the database')
      return work()
    },
    {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: POLL_MS.first,
      maxTimeout: POLL_MS.last,
      maxRetryTime: RETRY_TIMEOUT_MS,
      signal,
      shouldRetry: ({ error }) => !FINAL.some((kind) => error instanceof kind),
    },
  )
}
