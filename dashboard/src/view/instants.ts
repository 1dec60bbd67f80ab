// Instants and durations as text, in the time zone of the browser.

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const THIS_YEAR = new Intl.DateTimeFormat('en', { month: 'short', day: '2-digit', ...TIME })
const OTHER_YEAR = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'short', day: '2-digit', ...TIME })
const PRECISE = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  ...TIME,
  fractionalSecondDigits: 3,
})

/** To the second, such as "Nov 24, 14:03:12". */
export function shortInstant(instant: string, at = Date.now()): string {
  const date = new Date(instant)
  const format = date.getFullYear() === new Date(at).getFullYear() ? THIS_YEAR : OTHER_YEAR
  return format.format(date)
}

/** To the millisecond, with the year. */
export function preciseInstant(instant: string): string {
  return PRECISE.format(new Date(instant))
}

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
] as const

/**
 * Two units at most, such as "3 min 12 s". Below ten seconds with a decimal, below one in
 * milliseconds.
 */
export function roughDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < SECOND) return `${whole} ms`
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`
  const first = UNITS.findIndex(([unit]) => whole >= unit)
  let rest = whole
  const parts = UNITS.slice(first, first + 2).map(([unit, name]) => {
    const count = Math.floor(rest / unit)
    rest %= unit
    return count === 0 ? '' : `${count} ${name}`
  })
  return parts.filter((part) => part !== '').join(' ')
}

/** All units down to the millisecond, such as "2 h 3 min 12.045 s". */
export function exactDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < SECOND) return `${whole} ms`
  let rest = whole
  const parts = UNITS.slice(0, 3).flatMap(([unit, name]) => {
    const count = Math.floor(rest / unit)
    rest %= unit
    return count === 0 ? [] : [`${count} ${name}`]
  })
  if (rest > 0) parts.push(`${(rest / SECOND).toFixed(3)} s`)
  return parts.join(' ')
}

/** Such as "in 3 min 12 s" or "2 d 4 h ago". */
export function relativeInstant(instant: string, at: number): string {
  const ms = Date.parse(instant) - at
  return ms > 0 ? `in ${roughDuration(ms)}` : `${roughDuration(-ms)} ago`
}

export function elapsedMs(from: string, to: string | number): number {
  return (typeof to === 'number' ? to : Date.parse(to)) - Date.parse(from)
}

/**
 * The value of an input of the type datetime-local; empty without an instant. In the time zone of
 * the browser, to the minute.
 */
export function inputOfInstant(instant: string | null): string {
  const ms = Date.parse(instant ?? '')
  if (Number.isNaN(ms)) return ''
  return new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16)
}

export function instantOfInput(input: string): string | null {
  const ms = Date.parse(input)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
