// Releases jobs that this worker claimed without knowing, because the response was lost. Otherwise
// they would wait for their leases to expire, and would have used up an attempt.
import {
  ProcessingJobsDocument,
  type ProcessingJobsQuery,
  ReleaseHeldJobDocument,
} from '../client/documents.generated.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import { type HeldJob, type JobVersion, leaseKey } from './heldJob.ts'
import type { WorkerClient } from './workerClient.ts'
import type { WorkerSettings } from './workerOptions.ts'

/**
 * By then the server has finished or aborted the claim; it does not notice our timeout. Its default
 * limit is 30 s.
 */
const RECHECK_MS = 35_000
/** Maximum number of pages of jobs in progress to search, latest claims first. */
const MAX_PAGES = 50

/** Maximum number of lost jobs to remember. Their leases expire on the server. */
const MAX_LOST = 1000

export class LostClaims {
  private readonly client: WorkerClient
  private readonly settings: WorkerSettings
  /** When to search, on the monotonic clock; earliest first. */
  private checks: number[] = []
  private readonly lost = new Set<string>()

  constructor(client: WorkerClient, settings: WorkerSettings) {
    this.client = client
    this.settings = settings
  }

  /** Schedules a search if this failure may have lost a claim. */
  note(error: unknown): void {
    // Another worker may use the same configured id, and its jobs are not ours to release.
    if (!this.settings.hasGeneratedId || !(error instanceof ServerUnavailableError) || error.notProcessed) return
    const now = performance.now()
    this.checks = [now, now + RECHECK_MS]
  }

  /**
   * Remembers a job whose lease was lost after its handler started: it has used up an attempt and
   * is not released.
   */
  forget(job: JobVersion): void {
    const [oldest] = this.lost
    if (this.lost.size >= MAX_LOST && oldest !== undefined) this.lost.delete(oldest)
    this.lost.add(leaseKey(job))
  }

  /**
   * Releases unknowingly claimed jobs, except `held`, if a search is due.
   *
   * @throws ServerUnavailableError, RequestRefusedError
   */
  async release(held: ReadonlySet<HeldJob>): Promise<void> {
    const [dueAt] = this.checks
    if (dueAt === undefined || performance.now() < dueAt) return
    const known = new Set([...this.lost, ...[...held].map(({ job }) => leaseKey(job))])
    for await (const job of this.ownJobsInProgress()) {
      if (known.has(leaseKey(job))) continue
      const reason = `released by ${this.settings.workerId}, which got no response to its claim`
      // The outcome does not matter: if it fails, the job has another holder or has ended.
      await this.client.send(ReleaseHeldJobDocument, {
        input: { jobId: job.id, expectedVersion: job.version, reason },
      })
    }
    this.checks.shift()
  }

  private async *ownJobsInProgress(): AsyncGenerator<JobVersion> {
    const { presets, workerId } = this.settings
    let after: string | null = null
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { jobs }: ProcessingJobsQuery = await this.client.send(ProcessingJobsDocument, {
        presets: presets ?? null,
        after,
      })
      yield* jobs.nodes.filter(({ stateMetadata }) => stateMetadata.workerId === workerId)
      if (!jobs.pageInfo.hasNextPage) return
      after = jobs.pageInfo.endCursor
    }
  }
}
