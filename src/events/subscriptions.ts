// Who waits for records, and for which.
import { comparePositions, type OrderKey, type Position } from '../ledger/eventOrder.ts'
import { type JobStateRecordFilter, matches } from '../ledger/recordFilter.ts'
import type { RecentRecord, RecentRecords } from './recentRecords.ts'

/** One subscription that waits for records that its filter admits. */
export interface EventSubscription {
  /**
   * Resolves when there is a record behind `position`: to the next few of them, or to a position to read from where they are not kept
   * any more. Whoever asks has read everything up to `position`, and reached it after the watch began.
   *
   * @throws the reason of `signal` when that is aborted
   */
  next(position: Position, signal: AbortSignal): Promise<RecentRecord[] | Position>
  close(): void
}

/** All who wait, by what they wait for: a record is not shown to those who wait for another job or for another user. */
export class Subscriptions {
  size = 0
  private readonly recent: RecentRecords
  private readonly byInterest = new Map<string, Set<Subscriber>>()

  constructor(recent: RecentRecords) {
    this.recent = recent
  }

  open(filter: JobStateRecordFilter): EventSubscription {
    const waiter = new Subscriber(filter, this.recent, () => this.remove(waiter))
    const interest = interestOf(filter)
    const others = this.byInterest.get(interest)
    if (others) others.add(waiter)
    else this.byInterest.set(interest, new Set([waiter]))
    this.size += 1
    return waiter
  }

  /** A record that the feed has found. */
  found(record: RecentRecord): void {
    const number = this.recent.add(record)
    for (const interest of [`job ${record.jobId}`, `user ${record.userId}`, 'everything']) {
      for (const waiter of this.byInterest.get(interest) ?? []) waiter.found(record, number)
    }
  }

  /** The records that are kept may be others now: each subscription looks for itself whether its position still holds. */
  endTimeline(): void {
    this.recent.clear()
    for (const waiters of [...this.byInterest.values()]) for (const waiter of [...waiters]) waiter.lookForItself()
  }

  private remove(waiter: Subscriber): void {
    const interest = interestOf(waiter.filter)
    const all = this.byInterest.get(interest)
    if (!all?.delete(waiter)) return
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
  /** The first record that may be taken, if there is one; by a number that is not kept where the database is to be asked. */
  private pending: { readonly number: number; readonly behind?: OrderKey } | undefined
  private wake: (() => void) | undefined

  constructor(filter: JobStateRecordFilter, recent: RecentRecords, close: () => void) {
    this.filter = filter
    this.recent = recent
    this.close = close
  }

  found(record: RecentRecord, number: number): void {
    // What comes after the first is looked at when it is taken.
    if (this.pending !== undefined || !matches(this.filter, record)) return
    this.pending = { number, behind: justBefore(record) }
    this.wake?.()
  }

  lookForItself(): void {
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
    const { number, behind } = this.pending
    this.pending = undefined
    if (!this.recent.isKept(number)) {
      return behind && comparePositions(behind, position) > 0 ? { ...behind, epoch: position.epoch } : position
    }
    const { taken, next } = this.recent.take(number, position, this.filter)
    const last = taken.at(-1)
    if (next !== undefined && last) this.pending = { number: next, behind: last }
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
