// Histograms of durations, for quantiles that can be added up: logarithmic buckets as DDSketch has them (Masson, Rim and Lee, 2019). Which bucket
// a duration is in, the database says: jobledger.duration_bucket.
import { MAX_INT } from './limits.ts'

/** By how much a quantile may differ from the duration that it stands for, as a part of that. */
export const RELATIVE_ERROR = 0.02
const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)

/** What stands for the durations of a bucket, in whole milliseconds; no more than an Int holds. */
export function durationOf(bucket: number): number {
  if (bucket < 0) return 0
  return Math.min(MAX_INT, Math.round((2 * GROWTH ** bucket) / (GROWTH + 1)))
}

export class DurationHistogram {
  private readonly counts = new Map<number, number>()
  /** By bucket, until something is added. */
  private sorted: (readonly [bucket: number, count: number])[] | undefined

  /** Adds `counts[i]` durations to the bucket `buckets[i]`; both are numbers with spaces between. */
  add(buckets: string, counts: string): void {
    if (buckets === '') return
    this.sorted = undefined
    const added = counts.split(' ')
    for (const [index, text] of buckets.split(' ').entries()) {
      const bucket = Number(text)
      this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + Number(added[index]))
    }
  }

  /**
   * The least duration that is not exceeded by the part `q` of all of them (0 < q <= 1), in milliseconds, give or take `RELATIVE_ERROR`; null
   * if there are none.
   */
  quantile(q: number): number | null {
    this.sorted ??= [...this.counts].sort(([a], [b]) => a - b)
    const total = this.sorted.reduce((sum, [, count]) => sum + count, 0)
    let rank = Math.max(1, Math.ceil(q * total))
    for (const [bucket, count] of this.sorted) {
      rank -= count
      if (rank <= 0) return durationOf(bucket)
    }
    return null
  }
}
