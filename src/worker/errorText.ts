// Converts what a handler threw or returned into a form that the server accepts.
import { inspect, types } from 'node:util'

/** The server's default limit for an error message. */
const MESSAGE_BYTES = 4096
const CUT = ' ...'

/**
 * The message of what was thrown, with its causes and aggregated errors: at most 4 KiB of UTF-8,
 * without characters that the database cannot store.
 */
export function errorText(thrown: unknown): string {
  const text = messageOf(thrown).toWellFormed().replaceAll('\0', '\uFFFD')
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MESSAGE_BYTES))
  if (read === text.length) return text
  const cut = new TextEncoder().encodeInto(text, new Uint8Array(MESSAGE_BYTES - CUT.length))
  return text.slice(0, cut.read) + CUT
}

/**
 * A thrown value is untrusted: any property access may throw, and no property need match its type.
 */
function messageOf(thrown: unknown): string {
  try {
    return messagesOf(thrown, new Set()) || 'failed without a message'
  } catch {
    return 'failed; what was thrown cannot be read'
  }
}

/** Maximum number of errors to follow: a chain of causes may be endless. */
const MAX_ERRORS = 20

/**
 * The message of an error, then those of its causes and aggregated errors unless it already
 * contains them.
 */
function messagesOf(thrown: unknown, seen: Set<unknown>): string {
  if (seen.size >= MAX_ERRORS || seen.has(thrown)) return ''
  seen.add(thrown)
  if (!isError(thrown))
    return typeof thrown === 'string'
      ? thrown
      : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY }).replace(STACK_LINES, '')
  const { message, name, cause, errors } = thrown as AggregateError
  const own = typeof message === 'string' ? message : ''
  const causes = cause === undefined ? '' : messagesOf(cause, seen)
  const members = Array.isArray(errors) ? errors.slice(0, MAX_ERRORS).map((one) => messagesOf(one, seen)) : []
  const inner = [causes, members.filter(Boolean).join('; ')].filter((text) => text !== '' && !own.includes(text))
  return [...(own === '' ? [] : [own]), ...inner].join(': ') || String(name)
}

/** Stack traces belong in the log of the worker. */
const STACK_LINES = /\n\s+at .*/g

/** Also matches errors of other realms, such as those of a test framework or `node:vm`. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown)
}

/**
 * Whether the error means that the work took too long, like that of AbortSignal.timeout(), itself
 * or as its cause.
 */
export function isTimeout(thrown: unknown): boolean {
  try {
    if (!(thrown instanceof Error)) return false
    return thrown.name === 'TimeoutError' || (thrown.name === 'AbortError' && isTimeout(thrown.cause))
  } catch {
    return false
  }
}

/**
 * Why a value cannot be the output of a job at all; undefined if JSON can hold it. The limits of
 * the server are its own matter.
 */
export function outputFault(output: unknown): string | undefined {
  try {
    return output === undefined || JSON.stringify(output) !== undefined
      ? undefined
      : `The output is a ${typeof output}, which JSON cannot represent.`
  } catch (error) {
    return `The output is not JSON: ${errorText(error)}`
  }
}
