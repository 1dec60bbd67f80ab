// Polls until an assertion holds, so that tests do not sleep for guessed times.
import pRetry from 'p-retry'

/** Runs `assertion` until it no longer throws. After `timeoutMs` it throws the last error. */
export async function eventually<T>(assertion: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const attempt = async () => {
    try {
      return await assertion()
    } catch (error) {
      // pRetry would not repeat a TypeError, such as for an answer without data.
      throw error instanceof TypeError ? new Error(error.message, { cause: error }) : error
    }
  }
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 10,
    maxTimeout: 100,
    maxRetryTime: timeoutMs,
  })
}
