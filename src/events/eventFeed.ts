// Looks for new records in the ledger, once for all subscriptions of this process, and wakes those that they are for. While there are none
// it does not look.

import { setTimeout as sleep } from 'node:timers/promises'
import { forAllCallers } from '../database/cancellation.ts'
import type { ServiceLog } from '../database/service.ts'
import { FairGate } from '../fairness/fairGate.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { headPosition, readEventHeaders } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'
import { DeliveryTurns } from './deliveryTurns.ts'
import { RecentRecords } from './recentRecords.ts'
import { SharedRows } from './sharedRows.ts'
import { type SubscriptionLimits, SubscriptionPlaces } from './subscriptionLimits.ts'
import { type EventSubscription, Subscriptions } from './subscriptions.ts'

export interface EventFeedOptions extends SubscriptionLimits {
  readonly ledger: Ledger
  /** From one look to the next. */
  readonly pollMs: number
  /** Maximum number of statements of subscriptions at once; others wait for their turn. */
  readonly maxStatements: number
  /** Maximum number of bytes that the database sends for one event. */
  readonly maxRowBytes: number
  readonly log: ServiceLog
}

export interface EventFeed {
  /** Whoever opens a subscription takes a place first. */
  readonly places: SubscriptionPlaces
  /** In which each event is delivered. */
  readonly turns: DeliveryTurns
  /** For each statement: subscriptions must not take all connections. */
  readonly statements: FairGate
  /** For each page of those that are behind, from before it is read until it is delivered: pages are held in memory. */
  readonly pages: FairGate
  readonly rows: SharedRows
  /** Maximum number of bytes that the database sends for one event. */
  readonly maxRowBytes: number
  /** Resolves when nothing that is committed from now on can be missed. @throws what the database throws */
  subscribe(filter: JobStateRecordFilter): Promise<EventSubscription>
}

/** Records that are looked at by one statement. */
const MAX_RECORDS = 1000
/** Pages in memory, an eighth of a megabyte each, of all callers and of one. */
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
  const watches = new Subscriptions(recent)
  const statements = new FairGate(maxStatements, Math.max(1, maxStatements - 1))
  /** Where the feed began to look, while it does. */
  let beginning: Promise<Position> | undefined

  async function look(from: Position): Promise<Position> {
    const { records, end, isLast } = await readEventHeaders(ledger, from, MAX_RECORDS)
    for (const record of records) watches.found({ ...record, epoch: end.epoch })
    return isLast ? end : look(end)
  }

  async function lookAgainAndAgain(from: Position): Promise<void> {
    let now = from
    let isAway = false
    while (watches.size > 0) {
      await sleep(pollMs)
      try {
        now = await look(now).catch(startOver)
        isAway = false
      } catch (error) {
        log[isAway ? 'debug' : 'warn']({ err: error }, 'followers have lost the database; they go on when it is back')
        isAway = true
      }
    }
    beginning = undefined
  }

  /** Where the timeline has ended, each subscription finds that out for itself. */
  async function startOver(error: unknown): Promise<Position> {
    if (!(error instanceof TimelineEndedError)) throw error
    watches.endTimeline()
    return headPosition(ledger)
  }

  /** Begins to look, if nobody does. */
  function begin(): Promise<Position> {
    if (beginning === undefined) {
      beginning = headPosition(ledger)
      beginning.then(lookAgainAndAgain, () => {
        beginning = undefined
      })
    }
    return beginning
  }

  return {
    places: new SubscriptionPlaces(limits),
    turns: new DeliveryTurns(),
    statements,
    pages: new FairGate(MAX_PAGES.all, MAX_PAGES.ofCaller),
    rows: new SharedRows(ledger, statements, maxRowBytes),
    maxRowBytes,
    async subscribe(filter) {
      // Before the feed begins: it ends when nobody waits.
      const watch = watches.open(filter)
      try {
        await forAllCallers(begin)
      } catch (error) {
        watch.close()
        throw error
      }
      return watch
    },
  }
}
