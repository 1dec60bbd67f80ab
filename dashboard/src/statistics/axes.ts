// The upper ends of axes: round numbers, so that an end and its half can be labels.
import { DAY, HOUR, MINUTE, roughDuration, SECOND } from '../view/instants.ts'

const ROUND = [1, 2, 3, 4, 5, 6, 8, 10] as const
/** Of seconds and minutes. */
const SIXTIETHS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60] as const
const HOURS = [1, 2, 3, 4, 6, 8, 12, 18, 24] as const

/** The smallest round integer that is at least `count`; 1 for 0. */
export function roundCount(count: number): number {
  const magnitude = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))))
  return magnitude * (ROUND.find((factor) => factor * magnitude >= count) ?? 10)
}

/** The shortest round duration that is at least `ms`, in milliseconds. */
export function roundDuration(ms: number): number {
  if (ms > DAY) return DAY * roundCount(ms / DAY)
  if (ms > HOUR) return HOUR * (HOURS.find((hours) => hours * HOUR >= ms) ?? 24)
  if (ms > MINUTE) return MINUTE * (SIXTIETHS.find((minutes) => minutes * MINUTE >= ms) ?? 60)
  if (ms > SECOND) return SECOND * (SIXTIETHS.find((seconds) => seconds * SECOND >= ms) ?? 60)
  return Math.min(SECOND, roundCount(ms))
}

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact' })
const PLAIN = new Intl.NumberFormat('en')
/** Maximum count that is written with all its digits. */
const MAX_PLAIN = 9999

/** A round count, as short as an axis needs it: "800" or "4M". */
export function countTick(count: number): string {
  return (count > MAX_PLAIN ? COMPACT : PLAIN).format(count)
}

/** A round duration without decimals: "4 s". */
export function durationTick(ms: number): string {
  return ms === 0 ? '0' : roughDuration(ms).replace('.0 ', ' ')
}
