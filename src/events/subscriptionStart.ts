// Where the subscription of a client starts: after a cursor, or at the head of the ledger.
import type { Position } from '../ledger/eventOrder.ts'
import { positionOfCursor } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JobStateRecordFilter } from '../ledger/recordFilter.ts'
import type { EventFeed } from './eventFeed.ts'
import type { EventSubscription } from './subscriptions.ts'

export interface SubscriptionStart {
  readonly subscription: EventSubscription
  /** The stream starts after this position. */
  readonly after: Position
  /** The subscription includes every record after the position, so none has to be read first. */
  readonly isAtHead: boolean
}

export interface StartOptions {
  readonly ledger: Ledger
  readonly feed: EventFeed
  readonly caller: string
  readonly filter: JobStateRecordFilter
  /** The cursor of the last event that the client has; the head of the ledger if missing. */
  readonly cursor: string | null | undefined
  /** Closes the subscription. */
  readonly signal: AbortSignal
}

/**
 * Opens a subscription, in turn with the deliveries to others: a client may open thousands at once.
 *
 * @throws InvalidInputError if the cursor is invalid; database errors; the reason of `signal`
 */
export async function startSubscription(options: StartOptions): Promise<SubscriptionStart> {
  const { ledger, feed, caller, filter, cursor, signal } = options
  // Opened before the head is read: what is written in between is in both.
  const subscription = await feed.subscribe(filter)
  signal.addEventListener('abort', subscription.close, { once: true })
  try {
    const readHead = (): Promise<Position> => feed.head.read()
    const after = cursor == null ? await readHead() : await positionOfCursor(ledger, 'after', cursor, readHead)
    await feed.turns.next(caller)
    signal.throwIfAborted()
    return { subscription, after, isAtHead: cursor == null }
  } catch (error) {
    subscription.close()
    throw error
  }
}
