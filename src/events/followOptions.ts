// The options of following the ledger, and retries while the database is unavailable.
import pRetry from 'p-retry'
import type { StatementWatch } from '../database/cancellation.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { ServiceLog } from '../database/service.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'
import { EventTooLargeError } from './boundedRead.ts'
import type { EventFeed } from './eventFeed.ts'
import type { SubscriptionStart } from './subscriptionStart.ts'

export interface FollowOptions {
  readonly ledger: Ledger
  readonly feed: EventFeed
  /** The caller, between whom and others turns are round-robin. */
  readonly caller: string
  readonly start: SubscriptionStart
  readonly filter: JobStateRecordFilter
  /** Which columns and relations to read; by default every column. */
  readonly select?: Prisma.JobStateRecordSelect | undefined
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** Called when a statement ends. */
  readonly statementEnded?: StatementWatch['onStatement']
  readonly log: ServiceLog
}

/** How long to retry while the database is unavailable. */
const RETRY_TIMEOUT_MS = 60_000
const POLL_MS = { first: 100, last: 2000 }

/** Errors that no retry fixes. */
const PERMANENT = [InvalidInputError, TimelineEndedError, EventTooLargeError]

/**
 * Runs a statement in turn, and retries while the database is unavailable, so that clients need not
 * all reconnect at once.
 */
export function retryWhileDown<T>(options: FollowOptions, work: () => Promise<T>): Promise<T> {
  const { caller, feed } = options
  return retryWhileUnavailable(options, () => feed.statements.run(caller, work))
}

export function retryWhileUnavailable<T>({ signal, log }: FollowOptions, work: () => Promise<T>): Promise<T> {
  return pRetry(
    (attempt) => {
      signal.throwIfAborted()
      if (attempt === 2) log.debug({}, 'subscription is waiting for the database')
      return work()
    },
    {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: POLL_MS.first,
      maxTimeout: POLL_MS.last,
      maxRetryTime: RETRY_TIMEOUT_MS,
      signal,
      shouldRetry: ({ error }) => !PERMANENT.some((kind) => error instanceof kind),
    },
  )
}
