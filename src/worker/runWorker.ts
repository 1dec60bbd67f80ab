// The entry `jobledger/worker`: a worker claims jobs over HTTP, hands each to a function, and records how it ended. What is true of a
// job stands in the ledger only; a worker that dies leaves nothing behind that matters.
import { claimUntilStopped } from './claimLoop.ts'
import type { HeldJob } from './heldJob.ts'
import { JobEnd } from './jobEnd.ts'
import { Leases } from './leases.ts'
import { LostClaims } from './lostClaims.ts'
import { type JobRun, runJob } from './runJob.ts'
import { Slots } from './slots.ts'
import { StopRequest } from './stopRequest.ts'
import { WorkerClient } from './workerClient.ts'
import { emitterOf } from './workerEvent.ts'
import { settingsOf, type WorkerOptions } from './workerOptions.ts'

// biome-ignore lint/performance/noBarrelFile: a package has one entry, and this is what those who write a worker need of it
export { RequestRefusedError } from '../client/requestErrors.ts'
export type { ClaimedJob, JobContext } from './claimedJob.ts'
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
  const settings = settingsOf(options)
  const emit = emitterOf((event) => options.onEvent?.(event))
  const stop = new StopRequest(settings, options)
  const { over, handlersOver } = stop
  const client = new WorkerClient({ ...settings, emit, over })
  const slots = new Slots(settings.concurrency)
  const leases = new Leases(client, settings)
  const lostClaims = new LostClaims(client, settings)
  const onRefusal = (error: unknown): void => stop.fail(error)

  stop.asked.addEventListener('abort', () => {
    emit({ type: 'stopping', reason: stop.asked.reason, runningJobs: slots.held.size })
    slots.ring()
  })
  stop.drained.addEventListener('abort', () => {
    for (const held of slots.held) held.stop()
  })
  const jobRun: JobRun = {
    handle: (job, context) => options.handle(job, context),
    extend: (held) => leases.extendOne(held, onRefusal),
    end: new JobEnd(client, { ...settings, over }),
    emit,
    handlersOver,
    onRefusal,
  }
  const keeping = leases.keep(slots.held, over, onRefusal)
  const run = async (held: HeldJob): Promise<void> => {
    await runJob(held, jobRun)
    if (held.isLost) lostClaims.forget(held.job)
  }
  await claimUntilStopped({ client, settings, slots, lostClaims, stop, run })
  await slots.emptied()
  stop.close()
  await keeping
  if (stop.failure !== undefined) throw stop.failure
}
