// The entry `jobledger/worker`: a worker claims jobs over HTTP, passes each to a function and
// records its outcome. All state is in the ledger, so a worker can stop at any time.
import { claimUntilStopped } from './claimLoop.ts'
import type { WorkerOptions } from './workerOptions.ts'
import { WorkerRuntime } from './workerRuntime.ts'

export type { Token } from '../client/credential.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and these are the exports that a worker needs
export { RequestRefusedError } from '../client/requestErrors.ts'
export type { ClaimedJob, JobContext } from './claimedJob.ts'
export { consumePubSub, type PubSubConsumerOptions, PubSubRefusedError } from './consumePubSub.ts'
export { JobCancelledError, LeaseLostError, WorkerStoppedError } from './stopReasons.ts'
export type { WorkerEvent } from './workerEvent.ts'
export { type WorkerOptions, WorkerOptionsError } from './workerOptions.ts'

/**
 * Works until a stop is requested; resolves when the running jobs have ended or were released.
 * Waits while the server is unavailable. Rejects only for an error that no retry fixes, after the
 * running jobs have ended.
 *
 * @throws WorkerOptionsError, RequestRefusedError (the credential, its role, or the address)
 */
export async function runWorker<Output>(options: WorkerOptions<Output>): Promise<void> {
  const runtime = new WorkerRuntime(options)
  await claimUntilStopped({ ...runtime.parts, run: (held) => runtime.run(held) })
  await runtime.close()
}
