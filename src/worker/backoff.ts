// How long a worker waits before it asks the server again.
import { pause, waitAfter } from '../client/backoff.ts'
import { ServerAwayError } from '../client/requestErrors.ts'
import type { WorkerClient } from './workerClient.ts'

const LONGEST_MS = 10_000
/** Where the server is there, and answers others. */
const LONGEST_BESIDE_OTHERS_MS = 1000

/** Makes `attempt` again until it does not fail with a ServerAwayError. @throws the reason of `signal`, between two attempts */
export async function untilAnswered<T>(
  client: WorkerClient,
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let { answers } = client
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ServerAwayError)) throw error
      const longestMs = client.answers === answers ? LONGEST_MS : LONGEST_BESIDE_OTHERS_MS
      answers = client.answers
      await pause(waitAfter(failures, error, longestMs), signal)
    }
  }
}
