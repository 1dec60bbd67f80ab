// Mergeable histograms of durations, for quantiles: logarithmic buckets as in DDSketch (Masson, Rim
// and Lee, 2019). The database function jobledger.duration_bucket assigns a duration to its bucket.
import { MAX_INT } from './limits.ts'

/** Maximum relative error of a quantile. */
export const RELATIVE_ERROR = 0.02
const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)

/**
 * The value that represents the durations of a bucket, in integer milliseconds, at most `MAX_INT`.
 */
export function durationOf(bucket: number): number {
  if (bucket < 0) return 0
  return Math.min(MAX_INT, Math.round((2 * GROWTH ** bucket) / (GROWTH + 1)))
}

export class DurationHistogram {
  private readonly counts = new Map<number, number>()
  /** The counts ordered by bucket. Reset by `add`. */
  private sorted: (readonly [bucket: number, count: number])[] | undefined

  /** Adds `counts[i]` durations to the bucket `buckets[i]`. Both are space-separated integers. */
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
   * The `q`-quantile (0 < q <= 1) in milliseconds, within `RELATIVE_ERROR`. Null if the histogram
   * is empty.
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
