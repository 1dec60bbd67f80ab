// The error of a command that the user can fix, and the option formats that commands share.

/** The exit code of timeout(1) if the command itself fails rather than the program. */
export const CANNOT_RUN = 125

/** A command cannot do what the user wants. The message is a sentence for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The longest delay of a timer. */
const MAX_SECONDS = 2_147_483

/** The value of --timeout in seconds; undefined if it was not given. @throws UsageError */
export function timeoutSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = text.trim() === '' ? Number.NaN : Number(text)
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new UsageError(`--timeout must be a positive number of seconds, at most ${MAX_SECONDS} (got "${text}").`)
}

/** @throws UsageError if the option is given but empty */
export function requireNotEmpty(option: string, text: string | undefined): void {
  if (text === '') throw new UsageError(`${option} must not be empty; omit it instead.`)
}

/** The value of an integer option; undefined if it was not given. @throws UsageError */
export function integer(
  option: string,
  text: string | undefined,
  [min, max]: readonly [number, number],
): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
  throw new UsageError(`${option} must be an integer from ${min} to ${max} (got "${text}").`)
}
