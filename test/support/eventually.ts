// Waits for what is going to be true, by asking again: a test never sleeps for a time that somebody guessed.
import pRetry from 'p-retry'

/** Runs `assertion` until it no longer throws; after `timeoutMs` it throws what the assertion threw last. */
export async function eventually<T>(assertion: () => T | Promise<T>, timeoutMs = 10_000): Promise<T> {
  return pRetry(async () => assertion(), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 10,
    maxTimeout: 100,
    maxRetryTime: timeoutMs,
  })
}
