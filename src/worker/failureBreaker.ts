// Distinguishes an unavailable server from a single request that always fails, such as one with an
// output that crashes the server or that a proxy truncates. Without it, such a request would be
// repeated forever.
import { ServerUnavailableError } from '../client/requestErrors.ts'
import type { WorkerClient } from './workerClient.ts'

/** Maximum number of consecutive failures while the server responds to other requests. */
const MAX_FAILURES = 10

export class FailureBreaker {
  private readonly client: WorkerClient
  private count = -1
  private responsesBefore = -1

  constructor(client: WorkerClient) {
    this.client = client
  }

  /**
   * Sends the request once.
   *
   * @throws RequestRefusedError if it has failed too often while others succeeded
   */
  async run<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof ServerUnavailableError) || error.notProcessed) throw error
      if (this.client.responseCount !== this.responsesBefore) this.count += 1
      this.responsesBefore = this.client.responseCount
      if (this.count < MAX_FAILURES) throw error
      throw this.client.refusal(
        'UNANSWERED',
        `the server responds to other requests, but not to this one: ${error.message}`,
      )
    }
  }
}
