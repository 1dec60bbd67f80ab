// How long to wait before the server is asked again: twice as long after each failure, up to a limit, and by chance between half of
// that and the whole, so that clients that lost one server do not come back together.
import { setTimeout as delay } from 'node:timers/promises'
import { ServerUnavailableError } from './requestErrors.ts'

const FIRST_MS = 100
/** A Retry-After beyond this is not believed. */
const MAX_RETRY_AFTER_MS = 60_000

/** The wait after so many failures in a row, in milliseconds; on top of what the server itself has asked for. */
export function backoffMs(failures: number, error: unknown, longestMs: number): number {
  const ms = Math.min(longestMs, FIRST_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
  const askedMs = error instanceof ServerUnavailableError ? (error.retryAfterMs ?? 0) : 0
  return ms + Math.min(askedMs, MAX_RETRY_AFTER_MS)
}

/** Waits. @throws the reason of `signal` when that is aborted */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
}
