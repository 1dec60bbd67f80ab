// The entry `jobledger/worker`: a worker claims jobs over HTTP, hands each to a function, and records how it ended. What is true of a
// job stands in the ledger only; a worker that dies leaves nothing behind that matters.
import { claimUntilStopped } from './claimLoop.ts'
import type { WorkerOptions } from './workerOptions.ts'
import { WorkerRuntime } from './workerRuntime.ts'

export type { Token } from '../client/credential.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and this is what those who write a worker need of it
export { RequestRefusedError } from '../client/requestErrors.ts'
export type { ClaimedJob, JobContext } from './claimedJob.ts'
export { consumePubSub, type PubSubConsumerOptions, PubSubRefusedError } from './consumePubSub.ts'
export { JobCancelledError, LeaseLostError, WorkerStoppedError } from './stopReasons.ts'
export type { WorkerEvent } from './workerEvent.ts'
export { type WorkerOptions, WorkerOptionsError } from './workerOptions.ts'

/**
 * Works until a stop is asked for, and resolves when the running jobs have ended or were given back. A server that is away is waited
 * for; rejects only for what no retry mends, and then after the running jobs have ended as well.
 *
 * @throws WorkerOptionsError, RequestRefusedError (the credential, its role, or the address)
 */
export async function runWorker<Output>(options: WorkerOptions<Output>): Promise<void> {
  const runtime = new WorkerRuntime(options)
  await claimUntilStopped({ ...runtime.parts, run: (held) => runtime.run(held) })
  await runtime.close()
}
