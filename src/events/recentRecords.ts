// The newest records that the feed has seen, once for all subscriptions: what they are about, not their contents. A subscription keeps
// no list of its own, only where in this one it goes on.
import { comparePositions, type Position } from '../ledger/eventOrder.ts'
import { type JobStateRecordFilter, matches, type RecordFacts } from '../ledger/recordFilter.ts'

/** With the timeline on which it was read. */
export type RecentRecord = RecordFacts & Position

/** Records that are kept. Whoever is farther behind reads from the database. */
const MAX_RECORDS = 5000
/** Records beyond that before they are dropped, all at once. */
const DROPPED_AT_ONCE = 1000
/** Records that one subscription takes at once. */
const MAX_TAKEN = 16

export class RecentRecords {
  private readonly records: RecentRecord[] = []
  /** The number of the first record that is kept. Records are numbered as they are added. */
  private first = 0

  /** Returns the number of the record. */
  add(record: RecentRecord): number {
    this.records.push(record)
    if (this.records.length >= MAX_RECORDS + DROPPED_AT_ONCE) {
      this.records.splice(0, DROPPED_AT_ONCE)
      this.first += DROPPED_AT_ONCE
    }
    return this.end - 1
  }

  clear(): void {
    this.first = this.end
    this.records.length = 0
  }

  isKept(number: number): boolean {
    return number >= this.first
  }

  /**
   * The next records behind `position` that the filter admits, from a number on that is kept; and the number to go on from, undefined
   * if there is nothing more.
   */
  take(from: number, position: Position, filter: JobStateRecordFilter): { taken: RecentRecord[]; next?: number } {
    const taken: RecentRecord[] = []
    for (let number = from; number < this.end; number += 1) {
      const record = this.records[number - this.first] as RecentRecord
      if (!matches(filter, record) || comparePositions(record, position) <= 0) continue
      if (taken.length === MAX_TAKEN) return { taken, next: number }
      taken.push(record)
    }
    return { taken }
  }

  private get end(): number {
    return this.first + this.records.length
  }
}
