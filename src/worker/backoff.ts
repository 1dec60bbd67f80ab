// How a worker retries while the server is unavailable.
import { backoffMs, sleep } from '../client/backoff.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import type { WorkerClient } from './workerClient.ts'

const MAX_BACKOFF_MS = 10_000
/** Maximum wait while the server responds to other requests. */
const MAX_BACKOFF_WHILE_RESPONSIVE_MS = 1000

/**
 * Repeats `attempt` until it succeeds or fails for good.
 *
 * @throws the reason of `signal` between two attempts
 */
export async function retryUntilResponse<T>(
  client: WorkerClient,
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let { responseCount } = client
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error
      const maxMs = client.responseCount === responseCount ? MAX_BACKOFF_MS : MAX_BACKOFF_WHILE_RESPONSIVE_MS
      responseCount = client.responseCount
      await sleep(backoffMs(failures, error, maxMs), signal)
    }
  }
}
