// Extends the leases of all running jobs with one request every third of a lease. The response also
// shows which jobs are lost and which must stop.

import { backoffMs, sleep } from '../client/backoff.ts'
import { ExtendLeasesDocument } from '../client/documents.generated.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import { retryUntilResponse } from './backoff.ts'
import { type HeldJob, leaseKey } from './heldJob.ts'
import type { WorkerClient } from './workerClient.ts'
import type { WorkerSettings } from './workerOptions.ts'

/** Applies to leases of any length: a connection may fail silently. */
const MAX_DEADLINE_MS = 15_000

export class Leases {
  private readonly client: WorkerClient
  private readonly settings: WorkerSettings

  constructor(client: WorkerClient, settings: WorkerSettings) {
    this.client = client
    this.settings = settings
  }

  /**
   * Extends the leases once and applies the response to each job.
   *
   * @throws ServerUnavailableError, RequestRefusedError
   */
  async extend(jobs: readonly HeldJob[]): Promise<void> {
    const { leaseSeconds } = this.settings
    const sentAt = performance.now()
    const leases = jobs.map(({ job }) => ({ jobId: job.id, version: job.version }))
    const deadlineMs = Math.min(MAX_DEADLINE_MS, leaseSeconds * 1000)
    const outcome = await this.client.mutate(ExtendLeasesDocument, { input: { leases, leaseSeconds } }, deadlineMs)
    if (outcome.__typename === 'InvalidInput') throw this.client.refusal('INVALID_INPUT', outcome.message)
    const cancelledAt = new Map(outcome.extended.map((job) => [leaseKey(job), job.cancelRequestedAt]))
    for (const held of jobs) {
      const key = leaseKey(held.job)
      if (cancelledAt.has(key)) held.extendTo(sentAt + leaseSeconds * 1000)
      else held.lose('the lease was taken over or has ended')
      if (cancelledAt.get(key) != null) held.cancel()
    }
  }

  /** Extends the lease of one job for its handler. @throws the reason why the handler must stop */
  async extendOne(held: HeldJob, onRefusal: (error: unknown) => void): Promise<void> {
    held.signal.throwIfAborted()
    // A handler that has returned may have left code running that still calls this.
    const attempt = async (): Promise<void> => (held.isEnding ? undefined : this.extend([held]))
    await retryUntilResponse(this.client, attempt, held.signal).catch((error: unknown) => {
      if (!held.signal.aborted) onRefusal(error)
      throw error
    })
    held.signal.throwIfAborted()
  }

  /** Extends the leases of `jobs`, a set that changes, until `signal` is aborted. */
  async keep(jobs: ReadonlySet<HeldJob>, signal: AbortSignal, onRefusal: (error: unknown) => void): Promise<void> {
    let failures = 0
    let waitMs = this.intervalMs
    while (await elapses(waitMs, signal)) {
      const held = [...jobs].filter((job) => !job.isLost)
      const startedAt = performance.now()
      const failure = held.length > 0 ? await this.failureOf(held) : undefined
      if (failure !== undefined && !(failure instanceof ServerUnavailableError)) onRefusal(failure)
      failures = failure === undefined ? 0 : failures + 1
      waitMs =
        failure === undefined
          ? Math.max(0, this.intervalMs - (performance.now() - startedAt))
          : backoffMs(failures, failure, this.intervalMs / 2)
    }
  }

  /**
   * Undefined once the leases are extended, or when the next extension is due: a late response
   * still counts, but is not waited for.
   */
  private async failureOf(held: readonly HeldJob[]): Promise<unknown> {
    const due = new AbortController()
    const failure = this.extend(held).then(
      () => undefined,
      (error: unknown) => error,
    )
    const elapsed = elapses(this.intervalMs, due.signal).then(() => undefined)
    return await Promise.race([failure, elapsed]).finally(() => due.abort())
  }

  private get intervalMs(): number {
    return (this.settings.leaseSeconds * 1000) / 3
  }
}

/** Whether the time elapsed before the signal was aborted. */
async function elapses(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, signal).then(
    () => true,
    () => false,
  )
}
