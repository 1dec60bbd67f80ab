// The time that the page shows: complete buckets, as the API counts them. In the address it is
// `from`, `to` and `bucket`; without `to` it ends now.
import type { StatisticsQueryVariables } from '../api/documents.generated.ts'
import { quoted } from '../filters/addressNotes.ts'
import { instantFrom } from '../filters/readFilter.ts'
import { DAY, HOUR, MINUTE } from '../view/instants.ts'

export type BucketSize = StatisticsQueryVariables['bucket']

export const BUCKET_SIZES = ['MINUTE', 'HOUR', 'DAY'] as const satisfies readonly BucketSize[]
export const BUCKET_MS = { MINUTE, HOUR, DAY } as const satisfies Record<BucketSize, number>

/** Maximum number of buckets that the API returns. */
const MAX_BUCKETS = 1500
/** Maximum number of buckets that is chosen automatically. */
const MAX_AUTOMATIC_BUCKETS = 240

/** The limits of the API, narrowed by a day so that complete buckets are within them. */
const FIRST_INSTANT = Date.parse('0001-01-02T00:00:00Z')
const LAST_INSTANT = Date.parse('9999-12-30T00:00:00Z')

export const DEFAULT_FROM = '-24h'

/** From one instant until before another, in milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** From the start of the first bucket to the end of the last. */
export interface StatsRange extends Span {
  readonly size: BucketSize
  readonly isSizeChosen: boolean
  /** Whether its last bucket has not ended. */
  readonly isCurrent: boolean
  /** What is wrong with the address, by parameter. The default stands in for it. */
  readonly faults: Readonly<Record<string, string>>
}

/** The time of a bucket, or from the first to the last of several. */
export function bucketSpan({ from, size }: StatsRange, first: number, last = first): Span {
  return { from: from + first * BUCKET_MS[size], to: from + (last + 1) * BUCKET_MS[size] }
}

/** Reads an address; `at` is the current time. */
export function readRange(query: URLSearchParams, at: number): StatsRange {
  const { from, to, faults } = readInstants(query, at)
  const chosen = BUCKET_SIZES.find((size) => size.toLowerCase() === query.get('bucket'))
  const isUsable = chosen !== undefined && fits({ from, to }, chosen)
  if (chosen !== undefined && !isUsable)
    faults.bucket = `By ${query.get('bucket')} there would be ${bucketCount({ from, to }, chosen)} buckets; at most ${MAX_BUCKETS} are shown.`
  const size = isUsable ? chosen : automaticSize({ from, to })
  return { ...aligned({ from, to }, size), size, isSizeChosen: isUsable, isCurrent: to >= at, faults }
}

function readInstants(query: URLSearchParams, at: number): Span & { faults: Record<string, string> } {
  const faults: Record<string, string> = {}
  const read = (name: 'from' | 'to', fallback: number): number => {
    const text = query.get(name)
    if (text === null || text === '') return fallback
    const ms = Date.parse(instantFrom(text, at) ?? '')
    if (ms >= FIRST_INSTANT && ms <= LAST_INSTANT) return ms
    faults[name] = Number.isNaN(ms)
      ? `"${name}" must be an instant, or relative such as -24h (got ${quoted(text)}).`
      : `"${name}" must be from 0001-01-02 to 9999-12-30 (got ${quoted(text)}).`
    return fallback
  }
  const to = read('to', at)
  const from = read('from', to - DAY)
  const fault = faultOf({ from, to })
  return fault === undefined ? { from, to, faults } : { from: to - DAY, to, faults: { ...faults, from: fault } }
}

function faultOf({ from, to }: Span): string | undefined {
  if (from >= to) return 'The start must be earlier than the end.'
  if (!fits({ from, to }, 'DAY')) return `The start must be at most ${MAX_BUCKETS} days before the end.`
  return undefined
}

function bucketCount({ from, to }: Span, size: BucketSize): number {
  const ms = BUCKET_MS[size]
  return Math.ceil(to / ms) - Math.floor(from / ms)
}

export function fits(span: Span, size: BucketSize): boolean {
  return bucketCount(span, size) <= MAX_BUCKETS
}

function automaticSize(span: Span): BucketSize {
  return BUCKET_SIZES.find((size) => bucketCount(span, size) <= MAX_AUTOMATIC_BUCKETS) ?? 'DAY'
}

function aligned({ from, to }: Span, size: BucketSize): Span {
  const ms = BUCKET_MS[size]
  return { from: Math.floor(from / ms) * ms, to: Math.ceil(to / ms) * ms }
}

/** The parameters of the address. A range that ends now or later stays open at its end. */
export function rangeParameters({ from, to }: Span, at: number): { from: string; to: string | null } {
  return { from: shortIso(from), to: to >= at ? null : shortIso(to) }
}

/** Without seconds and milliseconds that are zero: "2026-11-28T05:00Z". */
function shortIso(ms: number): string {
  return new Date(ms).toISOString().replace(/(?::00)?\.000Z$/, 'Z')
}

interface Neighbours {
  readonly earlier: Span
  /** Undefined if it would start in the future. */
  readonly later: Span | undefined
  /** Twice as long; undefined if it would have too many days. */
  readonly wider: Span | undefined
}

/** The ranges beside the shown one, and around it. */
export function neighbours({ from, to, isCurrent }: StatsRange, at: number): Neighbours {
  const length = to - from
  const half = Math.floor(length / 2 / MINUTE) * MINUTE
  const wider = isCurrent ? { from: from - length, to } : { from: from - half, to: to + Math.max(MINUTE, half) }
  return {
    earlier: { from: from - length, to: from },
    later: to > at ? undefined : { from: to, to: to + length },
    wider: fits(wider, 'DAY') ? wider : undefined,
  }
}
