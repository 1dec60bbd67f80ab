// Tells a request that fails because the server is away from one at which the server itself falls over, or something on the way to it:
// an output, say, that a proxy cuts off. Such a request would be repeated for ever.
import { ServerUnavailableError } from '../client/requestErrors.ts'
import type { WorkerClient } from './workerClient.ts'

/** So many failures in a row, with answers to others between each two of them, are no accident even on a bad line. */
const MAX_FAILURES = 10

export class FailureBreaker {
  private readonly client: WorkerClient
  private count = -1
  private answersBefore = -1

  constructor(client: WorkerClient) {
    this.client = client
  }

  /** Sends the request once. @throws RequestRefusedError if it has failed too often while others were answered */
  async run<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof ServerUnavailableError) || error.notProcessed) throw error
      if (this.client.responseCount !== this.answersBefore) this.count += 1
      this.answersBefore = this.client.responseCount
      if (this.count < MAX_FAILURES) throw error
      throw this.client.refusal('UNANSWERED', `it answers other requests, but not this one: ${error.message}`)
    }
  }
}
