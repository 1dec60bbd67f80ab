// Open subscriptions, indexed by what they wait for.
import { comparePositions, type OrderKey, type Position } from '../ledger/eventOrder.ts'
import { type JobStateRecordFilter, matches } from '../ledger/recordFilter.ts'
import type { RecentRecord, RecentRecords } from './recentRecords.ts'

/** A subscription to matching records. */
export interface EventSubscription {
  /**
   * Resolves once a matching record exists after `position`: to the next few records, or, if they
   * are no longer kept, to a safe position to read from. The caller must have read everything up to
   * `position`, and reached it after the subscription was opened.
   *
   * @throws the reason of `signal` when that is aborted
   */
  next(position: Position, signal: AbortSignal): Promise<RecentRecord[] | Position>
  close(): void
}

/** All subscriptions by interest: a record is not compared with those for another job or user. */
export class Subscriptions {
  size = 0
  private readonly recent: RecentRecords
  private readonly byInterest = new Map<string, Set<Subscriber>>()

  constructor(recent: RecentRecords) {
    this.recent = recent
  }

  open(filter: JobStateRecordFilter): EventSubscription {
    const subscriber = new Subscriber(filter, this.recent, () => this.remove(subscriber))
    const interest = interestOf(filter)
    const others = this.byInterest.get(interest)
    if (others) others.add(subscriber)
    else this.byInterest.set(interest, new Set([subscriber]))
    this.size += 1
    return subscriber
  }

  /** Delivers a new record. */
  push(record: RecentRecord): void {
    const number = this.recent.add(record)
    for (const interest of [`job ${record.jobId}`, `user ${record.userId}`, 'everything']) {
      for (const subscriber of this.byInterest.get(interest) ?? []) subscriber.push(record, number)
    }
  }

  /**
   * Kept records may have been replaced: each subscription checks whether its position is still
   * valid.
   */
  endTimeline(): void {
    this.recent.clear()
    for (const subscribers of [...this.byInterest.values()])
      for (const subscriber of [...subscribers]) subscriber.checkPosition()
  }

  private remove(subscriber: Subscriber): void {
    const interest = interestOf(subscriber.filter)
    const all = this.byInterest.get(interest)
    if (!all?.delete(subscriber)) return
    if (all.size === 0) this.byInterest.delete(interest)
    this.size -= 1
    if (this.size === 0) this.recent.clear()
  }
}

function interestOf({ jobId, ownerId, userId }: JobStateRecordFilter): string {
  if (jobId != null) return `job ${jobId.toLowerCase()}`
  const user = ownerId ?? userId
  return user == null ? 'everything' : `user ${user}`
}

/** No record has this number. */
const NOT_KEPT = -1

class Subscriber implements EventSubscription {
  readonly filter: JobStateRecordFilter
  readonly close: () => void
  private readonly recent: RecentRecords
  /** The first record to take, if any; NOT_KEPT if the database must be read. */
  private pending: { readonly number: number; readonly after?: OrderKey } | undefined
  private wake: (() => void) | undefined

  constructor(filter: JobStateRecordFilter, recent: RecentRecords, close: () => void) {
    this.filter = filter
    this.recent = recent
    this.close = close
  }

  push(record: RecentRecord, number: number): void {
    // Later records are checked when they are taken.
    if (this.pending !== undefined || !matches(this.filter, record)) return
    this.pending = { number, after: justBefore(record) }
    this.wake?.()
  }

  checkPosition(): void {
    this.pending = { number: NOT_KEPT }
    this.wake?.()
  }

  async next(position: Position, signal: AbortSignal): Promise<RecentRecord[] | Position> {
    for (;;) {
      signal.throwIfAborted()
      const records = this.take(position)
      if (records !== undefined) return records
      await this.woken(signal)
    }
  }

  private take(position: Position): RecentRecord[] | Position | undefined {
    if (this.pending === undefined) return undefined
    const { number, after } = this.pending
    this.pending = undefined
    if (!this.recent.isKept(number)) {
      return after && comparePositions(after, position) > 0 ? { ...after, epoch: position.epoch } : position
    }
    const { taken, next } = this.recent.take(number, position, this.filter)
    const last = taken.at(-1)
    if (next !== undefined && last) this.pending = { number: next, after: last }
    return last && taken
  }

  private woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.wake = undefined
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        end()
        reject(signal.reason)
      }
      this.wake = () => {
        end()
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}

function justBefore({ transactionId, id }: OrderKey): OrderKey {
  return { transactionId, id: id - 1n }
}
