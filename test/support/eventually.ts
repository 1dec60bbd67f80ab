// Polls until an assertion holds, so that tests do not sleep for guessed times.
import pRetry from 'p-retry'

/** Runs `assertion` until it no longer throws. After `timeoutMs` it throws the last error. */
export async function eventually<T>(assertion: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  return pRetry(async () => assertion(), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 10,
    maxTimeout: 100,
    maxRetryTime: timeoutMs,
  })
}
