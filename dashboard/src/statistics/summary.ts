import { instantLabel, zoneOf } from './bucketLabels.ts'
import { countText, type StatsBucket, totalOf } from './series.ts'
import type { Loaded } from './statistics.ts'

/** The range and its totals, as a sentence. */
export function summaryOf({ range, buckets }: Loaded): string {
  const { from, to, size, isCurrent } = range
  const [created, started, completed, failed, cancelled] = (
    ['created', 'started', 'completed', 'failed', 'cancelled'] as const
  ).map((name) => countText(totalOf(buckets, name)))
  const share = failureShare(buckets)
  return (
    `From ${instantLabel(from, size)} until ${isCurrent ? 'now' : instantLabel(to, size)} (${zoneOf(size)}): ` +
    `${created} created, ${started} started, ${completed} completed, ${failed} failed${share}, ${cancelled} cancelled.`
  )
}

/** The share of the attempts that completed or failed. */
function failureShare(buckets: readonly StatsBucket[]): string {
  const failed = totalOf(buckets, 'failed')
  const ended = failed + totalOf(buckets, 'completed')
  if (failed === 0) return ''
  const tenths = Math.round((1000 * failed) / ended)
  const percent = tenths === 0 ? 'less than 0.1' : String(tenths / 10)
  return ` (${percent} % of the attempts that completed or failed)`
}
