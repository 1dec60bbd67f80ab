// The statistics as text for other programs: instants in UTC, durations in milliseconds.
import { BUCKET_MS } from './range.ts'
import type { StatsBucket } from './series.ts'
import type { Loaded } from './statistics.ts'

const COLUMNS = [
  'created',
  'started',
  'completed',
  'failed',
  'cancelled',
  'medianWaitMs',
  'medianProcessingMs',
  'p95ProcessingMs',
] as const satisfies (keyof StatsBucket)[]

/** A line for each bucket, with a header. No value needs quotes. */
export function statisticsText({ range, buckets }: Loaded, separator: ',' | '\t'): string {
  const lines = buckets.map(({ start, ...values }) => {
    const end = new Date(Date.parse(start) + BUCKET_MS[range.size]).toISOString()
    return [start, end, ...COLUMNS.map((column) => values[column] ?? '')]
  })
  return [['start', 'end', ...COLUMNS], ...lines].map((line) => `${line.join(separator)}\r\n`).join('')
}
