// How long a worker waits before it asks the server again.
import { backoffMs, sleep } from '../client/backoff.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import type { WorkerClient } from './workerClient.ts'

const MAX_BACKOFF_MS = 10_000
/** Where the server is there, and answers others. */
const MAX_BACKOFF_BESIDE_OTHERS_MS = 1000

/** Makes `attempt` again until it does not fail with a ServerAwayError. @throws the reason of `signal`, between two attempts */
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
      const longestMs = client.responseCount === responseCount ? MAX_BACKOFF_MS : MAX_BACKOFF_BESIDE_OTHERS_MS
      responseCount = client.responseCount
      await sleep(backoffMs(failures, error, longestMs), signal)
    }
  }
}
