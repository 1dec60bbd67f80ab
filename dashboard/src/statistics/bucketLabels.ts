// The times of buckets as text. Minutes and hours are in the time zone of the browser. Days are
// those of the API, from midnight to midnight UTC, so their dates are in UTC too.
import { DAY } from '../view/instants.ts'
import { type BucketSize, bucketSpan } from './range.ts'
import type { Loaded } from './statistics.ts'

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const DATE = { month: 'short', day: '2-digit' } as const

interface Formats {
  readonly zone: string
  readonly clock: Intl.DateTimeFormat
  readonly date: Intl.DateTimeFormat
  readonly dateOfYear: Intl.DateTimeFormat
  readonly year: Intl.DateTimeFormat
}

function formatsIn(timeZone: string | undefined): Formats {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en', { ...options, ...(timeZone && { timeZone }) })
  return {
    zone: format({}).resolvedOptions().timeZone,
    clock: format(CLOCK),
    date: format(DATE),
    dateOfYear: format({ ...DATE, year: 'numeric' }),
    year: format({ year: 'numeric' }),
  }
}

const LOCAL = formatsIn(undefined)
const UTC = formatsIn('UTC')

const formatsOf = (size: BucketSize): Formats => (size === 'DAY' ? UTC : LOCAL)

/** The name of the time zone of the labels, such as "Europe/Berlin". */
export function zoneOf(size: BucketSize): string {
  return formatsOf(size).zone
}

/** The date, with the year unless it is the current one. */
function dateLabel(ms: number, { date, dateOfYear, year }: Formats): string {
  return (year.format(ms) === year.format(Date.now()) ? date : dateOfYear).format(ms)
}

/** An instant at which a bucket starts or ends: "Nov 27" or "Nov 27, 14:00". */
export function instantLabel(ms: number, size: BucketSize): string {
  const formats = formatsOf(size)
  return size === 'DAY' ? dateLabel(ms, formats) : `${dateLabel(ms, formats)}, ${formats.clock.format(ms)}`
}

/** A bucket: "Nov 27, 14:03", "Nov 27, 14:00–15:00" or "Nov 27", and whether it has not ended. */
export function bucketLabel({ range, loadedAt }: Loaded, index: number): string {
  const { from, to } = bucketSpan(range, index)
  const label = instantLabel(from, range.size)
  const whole = range.size === 'HOUR' ? `${label}–${LOCAL.clock.format(to)}` : label
  return to > loadedAt ? `${whole} (in progress)` : whole
}

/** Labels of an axis whose ticks are `step` apart: the time, and at midnight the date. */
export function tickLabels(ticks: readonly number[], step: number, size: BucketSize): string[] {
  const formats = formatsOf(size)
  return ticks.map((ms) => {
    const time = formats.clock.format(ms)
    return step >= DAY || time === '00:00' ? dateLabel(ms, formats) : time
  })
}
