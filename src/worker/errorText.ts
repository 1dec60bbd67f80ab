// What a handler threw or returned, in a form that the server takes.
import { inspect, types } from 'node:util'

/** The limit of the server for an error message, unless it is set lower there. */
const MESSAGE_BYTES = 4096
const CUT = ' ...'

/**
 * Says what was thrown, with its causes and the errors that it stands for, in at most 4 KiB of UTF-8 without what the database cannot store.
 */
export function errorText(thrown: unknown): string {
  const text = messageOf(thrown).toWellFormed().replaceAll('\0', '\uFFFD')
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MESSAGE_BYTES))
  if (read === text.length) return text
  const cut = new TextEncoder().encodeInto(text, new Uint8Array(MESSAGE_BYTES - CUT.length))
  return text.slice(0, cut.read) + CUT
}

/** What was thrown is somebody else's: each look at it may throw in its turn, and nothing need be what its type says. */
function messageOf(thrown: unknown): string {
  try {
    return messagesOf(thrown, new Set()) || 'failed without a message'
  } catch {
    return 'failed; what was thrown cannot be read'
  }
}

/** Errors that are followed. A chain of causes may have no end. */
const MAX_ERRORS = 20

/** The message of an error, then those of its cause and of the errors that it stands for, without what its own message repeats. */
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

/** Where in the code something was thrown is for the log of the worker. */
const STACK_LINES = /\n\s+at .*/g

/** Also of another realm, as those are that a test framework or `node:vm` throws. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown)
}

/** Whether what was thrown says that the work took too long, as what AbortSignal.timeout() stops does, itself or as its cause. */
export function isTimeout(thrown: unknown): boolean {
  try {
    if (!(thrown instanceof Error)) return false
    return thrown.name === 'TimeoutError' || (thrown.name === 'AbortError' && isTimeout(thrown.cause))
  } catch {
    return false
  }
}

/** Why a value cannot be the output of a job at all; undefined if JSON can hold it. The limits of the server are its own matter. */
export function outputFault(output: unknown): string | undefined {
  try {
    return output === undefined || JSON.stringify(output) !== undefined
      ? undefined
      : `The output is a ${typeof output}, which JSON does not know.`
  } catch (error) {
    return `The output is not JSON: ${errorText(error)}`
  }
}
