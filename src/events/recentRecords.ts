// Headers of the newest records, shared by all subscriptions. A subscription keeps only its index
// in this list.
import { comparePositions, type Position } from '../ledger/eventOrder.ts'
import { type JobStateRecordFilter, matches, type RecordFacts } from '../ledger/recordFilter.ts'

/** A record header with its timeline. */
export type RecentRecord = RecordFacts & Position

/** Records kept. A subscription that is farther behind reads from the database. */
const MAX_RECORDS = 5000
/** Records beyond the maximum before the oldest are dropped in one step. */
const TRIM_SIZE = 1000
/** Maximum number of records that a subscription takes in one step. */
const MAX_TAKEN = 16

export class RecentRecords {
  private readonly records: RecentRecord[] = []
  /** The number of the first kept record. Records are numbered in the order of insertion. */
  private first = 0

  /** Returns the number of the record. */
  add(record: RecentRecord): number {
    this.records.push(record)
    if (this.records.length >= MAX_RECORDS + TRIM_SIZE) {
      this.records.splice(0, TRIM_SIZE)
      this.first += TRIM_SIZE
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
   * The next matching records after `position`, from the kept number `from` on; and the number to
   * continue with, or undefined at the end.
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
