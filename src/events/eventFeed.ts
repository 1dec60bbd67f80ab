// Polls the ledger for new records once for all subscriptions of this process, and wakes those that
// match. Polls only while subscriptions are open.

import { setTimeout as sleep } from 'node:timers/promises'
import { forAllCallers } from '../database/cancellation.ts'
import { failureFields, type ServiceLog } from '../database/service.ts'
import { FairGate } from '../fairness/fairGate.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { headPosition, readEventHeaders } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'
import { DeliveryTurns } from './deliveryTurns.ts'
import { RecentRecords } from './recentRecords.ts'
import { SharedHead } from './sharedHead.ts'
import { SharedRows } from './sharedRows.ts'
import { type SubscriptionLimits, SubscriptionPlaces } from './subscriptionLimits.ts'
import { type EventSubscription, Subscriptions } from './subscriptions.ts'

export interface EventFeedOptions extends SubscriptionLimits {
  readonly ledger: Ledger
  /** Milliseconds between two polls. */
  readonly pollMs: number
  /** Maximum number of concurrent statements for subscriptions; others wait for their turn. */
  readonly maxStatements: number
  /** Maximum number of bytes that the database sends for one event. */
  readonly maxRowBytes: number
  readonly log: ServiceLog
}

export interface EventFeed {
  /** Take a place before opening a subscription. */
  readonly places: SubscriptionPlaces
  /** The turns in which events are delivered. */
  readonly turns: DeliveryTurns
  /** Limits statements: subscriptions must not use all connections. */
  readonly statements: FairGate
  /** Limits pages in memory. A page counts from before it is read until it is delivered. */
  readonly pages: FairGate
  readonly rows: SharedRows
  /** The head of the ledger, as new subscriptions read it. */
  readonly head: SharedHead
  /** Maximum number of bytes that the database sends for one event. */
  readonly maxRowBytes: number
  /** Resolves once every later commit will be seen. @throws database errors */
  subscribe(filter: JobStateRecordFilter): Promise<EventSubscription>
}

/** Maximum number of records that one statement reads. */
const MAX_RECORDS = 1000
/** Maximum number of pages in memory, 128 KiB each: in total and for one caller. */
const MAX_PAGES = { all: 32, ofCaller: 16 }

export function createEventFeed({
  ledger,
  pollMs,
  maxStatements,
  maxRowBytes,
  log,
  ...limits
}: EventFeedOptions): EventFeed {
  const recent = new RecentRecords()
  const subscriptions = new Subscriptions(recent)
  const statements = new FairGate(maxStatements, Math.max(1, maxStatements - 1))
  /** The position at which polling starts; set while the feed polls. */
  let startPosition: Promise<Position> | undefined

  async function poll(from: Position): Promise<Position> {
    const { records, end, isLast } = await readEventHeaders(ledger, from, MAX_RECORDS)
    for (const record of records) subscriptions.push({ ...record, epoch: end.epoch })
    return isLast ? end : poll(end)
  }

  async function pollUntilUnused(from: Position): Promise<void> {
    let position = from
    let isDown = false
    while (subscriptions.size > 0) {
      await sleep(pollMs)
      try {
        position = await poll(position).catch(restart)
        isDown = false
      } catch (error) {
        log[isDown ? 'debug' : 'warn'](failureFields(error), 'event feed lost the database; retrying')
        isDown = true
      }
    }
    startPosition = undefined
  }

  /** Continues on the new timeline. Each subscription checks its own position. */
  async function restart(error: unknown): Promise<Position> {
    if (!(error instanceof TimelineEndedError)) throw error
    subscriptions.endTimeline()
    return headPosition(ledger)
  }

  /** Starts to poll unless it already does. */
  function ensureStarted(): Promise<Position> {
    if (startPosition === undefined) {
      startPosition = headPosition(ledger)
      startPosition.then(pollUntilUnused, () => {
        startPosition = undefined
      })
    }
    return startPosition
  }

  return {
    places: new SubscriptionPlaces(limits),
    turns: new DeliveryTurns(),
    statements,
    pages: new FairGate(MAX_PAGES.all, MAX_PAGES.ofCaller),
    rows: new SharedRows(ledger, statements, maxRowBytes),
    head: new SharedHead(() => forAllCallers(() => headPosition(ledger))),
    maxRowBytes,
    async subscribe(filter) {
      // Open it before the feed starts, because the feed stops when no subscription is open.
      const subscription = subscriptions.open(filter)
      try {
        await forAllCallers(ensureStarted)
      } catch (error) {
        subscription.close()
        throw error
      }
      return subscription
    },
  }
}
