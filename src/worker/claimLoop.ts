// Claims jobs while slots are free, until a stop is requested.
import { ClaimJobsDocument } from '../client/documents.generated.ts'
import { retryUntilResponse } from './backoff.ts'
import { HeldJob } from './heldJob.ts'
import type { LostClaims } from './lostClaims.ts'
import type { Slots } from './slots.ts'
import type { StopRequest } from './stopRequest.ts'
import type { WorkerClient } from './workerClient.ts'
import type { WorkerSettings } from './workerOptions.ts'

/** Maximum number of jobs in one claim. The server's limit. */
const MAX_CLAIM_SIZE = 100

export interface ClaimLoop {
  readonly client: WorkerClient
  readonly settings: WorkerSettings
  readonly slots: Slots
  readonly lostClaims: LostClaims
  readonly stop: StopRequest
  /** Runs a job until its outcome is recorded. Never rejects. */
  run(held: HeldJob): Promise<void>
}

/** Never rejects: an error that no retry fixes stops the worker. */
export async function claimUntilStopped({ settings, slots, stop, run, ...claims }: ClaimLoop): Promise<void> {
  const attempt = (): Promise<HeldJob[]> =>
    claim(
      { settings, slots, ...claims },
      { limit: Math.min(slots.free, MAX_CLAIM_SIZE), presets: settings.presets ?? null },
    )
  try {
    while (!stop.stopRequested.aborted) {
      if (slots.free === 0) {
        await slots.wait()
        continue
      }
      const jobs = await retryUntilResponse(claims.client, attempt, stop.stopRequested)
      for (const held of jobs) {
        // Claimed just before the stop: released before its handler starts.
        if (stop.stopRequested.aborted) held.stop()
        slots.fill(held, () => run(held))
      }
      if (jobs.length === 0) await slots.wait(settings.pollMs * (0.75 + Math.random() / 2))
    }
  } catch (error) {
    if (!stop.stopRequested.aborted) stop.fail(error)
  }
  // Tried only once: if this fails too, the leases of these jobs expire.
  await claims.lostClaims.release(slots.held).catch(() => undefined)
}

type Claim = Pick<ClaimLoop, 'client' | 'settings' | 'slots' | 'lostClaims'>

interface ClaimRequest {
  readonly limit: number
  readonly presets?: readonly string[] | null
  readonly jobIds?: readonly string[]
}

/**
 * Sends one claim. Claims must not overlap: put the claimed jobs into slots before the next claim,
 * or that claim takes them for lost.
 *
 * @throws ServerUnavailableError, RequestRefusedError
 */
export async function claim({ client, settings, slots, lostClaims }: Claim, request: ClaimRequest): Promise<HeldJob[]> {
  await lostClaims.release(slots.held)
  const { workerId, leaseSeconds } = settings
  const sentAt = performance.now()
  try {
    const outcome = await client.mutate(ClaimJobsDocument, { input: { workerId, leaseSeconds, ...request } })
    if (outcome.__typename === 'InvalidInput') throw client.refusal('INVALID_INPUT', outcome.message)
    return outcome.jobs.map((job) => new HeldJob(job, sentAt + leaseSeconds * 1000))
  } catch (error) {
    lostClaims.note(error)
    throw error
  }
}
