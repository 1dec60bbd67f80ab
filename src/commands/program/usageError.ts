// Options of a command that cannot be used, and the forms that `run` and `worker` share.

/** As timeout(1) has it: not the program, but what was to run it has failed, or to pass on its output. */
export const CANNOT_RUN = 125

/** The message is a sentence for the person at the terminal. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The longest that a timer takes. */
const MAX_SECONDS = 2_147_483

/** The value of --timeout in seconds; undefined if it was not given. @throws UsageError */
export function timeoutSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = text.trim() === '' ? Number.NaN : Number(text)
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new UsageError(`--timeout must be a positive number of seconds, at most ${MAX_SECONDS}, not "${text}".`)
}

/** @throws UsageError if the option was given, but empty */
export function requireNotEmpty(option: string, text: string | undefined): void {
  if (text === '') throw new UsageError(`${option} must not be empty; leave it out instead.`)
}

/** The value of an option that is a whole number; undefined if it was not given. @throws UsageError */
export function wholeNumber(
  option: string,
  text: string | undefined,
  [least, most]: readonly [number, number],
): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, not "${text}".`)
}
