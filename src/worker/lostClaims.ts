// Jobs that the server has handed to this worker without its knowing, because the answer was lost: they would wait for their leases to
// end, and have used up an attempt. They are looked for after such a failure, and given back.
import { EndByReleaseDocument, JobsInWorkDocument, type JobsInWorkQuery } from '../client/documents.generated.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import { type HeldJob, type JobVersion, leaseKey } from './heldJob.ts'
import type { WorkerClient } from './workerClient.ts'
import type { WorkerSettings } from './workerOptions.ts'

/** By then the server has answered a claim or given it up: it does not do so when we do. The default of the server is 30 s. */
const RECHECK_MS = 35_000
/** Pages of jobs in work that are looked at; what was claimed last comes first. */
const MAX_PAGES = 50

/** Lost jobs that are remembered. The server takes each of them away when its lease ends. */
const MAX_LOST = 1000

export class LostClaims {
  private readonly client: WorkerClient
  private readonly settings: WorkerSettings
  /** When to look, by the monotonic clock; the earliest first. */
  private checks: number[] = []
  private readonly lost = new Set<string>()

  constructor(client: WorkerClient, settings: WorkerSettings) {
    this.client = client
    this.settings = settings
  }

  /** Notes that a claim failed with this. */
  note(error: unknown): void {
    // Another worker could bear an id that was given to this one, and its jobs are not ours to give back.
    if (!this.settings.hasGeneratedId || !(error instanceof ServerUnavailableError) || error.notProcessed) return
    const now = performance.now()
    this.checks = [now, now + RECHECK_MS]
  }

  /** Notes a job whose lease was lost after its handler had begun: it has used up an attempt, and is not given back. */
  forget(job: JobVersion): void {
    const [oldest] = this.lost
    if (this.lost.size >= MAX_LOST && oldest !== undefined) this.lost.delete(oldest)
    this.lost.add(leaseKey(job))
  }

  /** Gives back what was claimed unknowingly, if it is time to look; not what is `held`. @throws ServerAwayError, RequestRefusedError */
  async release(held: ReadonlySet<HeldJob>): Promise<void> {
    const [lookAt] = this.checks
    if (lookAt === undefined || performance.now() < lookAt) return
    const known = new Set([...this.lost, ...[...held].map(({ job }) => leaseKey(job))])
    for await (const job of this.ownJobsInWork()) {
      if (known.has(leaseKey(job))) continue
      const reason = `given back by ${this.settings.workerId}, which had no answer to its claim`
      // What the server says to it does not matter: then somebody else has taken care of the job.
      await this.client.send(EndByReleaseDocument, {
        input: { jobId: job.id, expectedVersion: job.version, reason },
      })
    }
    this.checks.shift()
  }

  private async *ownJobsInWork(): AsyncGenerator<JobVersion> {
    const { presets, workerId } = this.settings
    let after: string | null = null
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { jobs }: JobsInWorkQuery = await this.client.send(JobsInWorkDocument, { presets: presets ?? null, after })
      yield* jobs.nodes.filter(({ stateMetadata }) => stateMetadata.workerId === workerId)
      if (!jobs.pageInfo.hasNextPage) return
      after = jobs.pageInfo.endCursor
    }
  }
}
