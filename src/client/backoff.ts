// Exponential backoff with jitter: the delay doubles after each failure up to a limit, and a random
// half of it is dropped so that clients do not reconnect all at once.
import { setTimeout as delay } from 'node:timers/promises'
import { ServerUnavailableError } from './requestErrors.ts'

const FIRST_MS = 100
/** A larger Retry-After is capped. */
const MAX_RETRY_AFTER_MS = 60_000

/**
 * Milliseconds to wait after `failures` consecutive failures; the server's Retry-After is added.
 */
export function backoffMs(failures: number, error: unknown, maxMs: number): number {
  const ms = Math.min(maxMs, FIRST_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
  const requestedMs = error instanceof ServerUnavailableError ? (error.retryAfterMs ?? 0) : 0
  return ms + Math.min(requestedMs, MAX_RETRY_AFTER_MS)
}

/** Waits. @throws the reason of `signal` when that is aborted */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
}
