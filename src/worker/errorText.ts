// What a handler threw or returned, in a form that the server takes.
import { inspect } from 'node:util'

/** The limit of the server for an error message, unless it is set lower there. */
const MESSAGE_BYTES = 4096
const CUT = ' ...'

/** Says what was thrown, in at most 4 KiB of UTF-8 without what the database cannot store. */
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
    if (typeof thrown === 'string') return thrown
    if (!(thrown instanceof Error)) return inspect(thrown)
    return typeof thrown.message === 'string' && thrown.message !== '' ? thrown.message : String(thrown.name)
  } catch {
    return 'failed; what was thrown cannot be read'
  }
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
