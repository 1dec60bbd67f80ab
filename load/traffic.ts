// The load: creators that fill the queue and workers that empty it, for a given time, and their
// measurements.
import { setTimeout as pause } from 'node:timers/promises'
import pLimit from 'p-limit'
import { Latencies } from './latencies.ts'
import { type ClaimedJob, type LoadClient, LoadError } from './loadClient.ts'

export interface TrafficSettings {
  readonly seconds: number
  /** Number of creators. Each sends one request at a time: a batch, then a single job. */
  readonly creators: number
  readonly batch: number
  readonly workers: number
  /** Number of jobs that a worker completes at once. */
  readonly concurrency: number
  /** Number of jobs that a worker claims at once. */
  readonly claim: number
  /** Creators wait while this many jobs are not completed. */
  readonly backlog: number
}

export interface Counts {
  readonly created: number
  readonly claimed: number
  readonly completed: number
}

/** Delay before a creator checks again for room in the queue, and a worker for jobs. */
const POLL_MS = 5
/** Maximum time without a completed job while the queue is emptied at the end. */
const TIMEOUT_MS = 30_000

export class Traffic {
  readonly latencies = {
    createOne: new Latencies(),
    createBatch: new Latencies(),
    claim: new Latencies(),
    complete: new Latencies(),
    creationToCompletion: new Latencies(),
  }
  /** Number of jobs at the end of the given time. */
  inTime: Counts = { created: 0, claimed: 0, completed: 0 }
  /** Duration of the load, in seconds. */
  elapsedSeconds = 0
  private readonly client: LoadClient
  private readonly settings: TrafficSettings
  private readonly counted = { created: 0, claimed: 0, completed: 0 }
  /** When the creation of a job was sent, by its content. */
  private readonly sentAt = new Map<string, number>()
  private sent = 0
  private isCreating = true
  /** Aborted when the workers must stop. */
  private readonly ending = new AbortController()
  private completedAt = 0

  constructor(client: LoadClient, settings: TrafficSettings) {
    this.client = client
    this.settings = settings
  }

  get counts(): Counts {
    return { ...this.counted }
  }

  /**
   * Resolves when the time has ended and every job is completed, or when `stop` was aborted and all
   * started work has finished.
   * @throws LoadError
   */
  async run(stop: AbortSignal): Promise<void> {
    const { seconds, creators, workers } = this.settings
    if (stop.aborted) this.ending.abort()
    stop.addEventListener('abort', () => this.ending.abort(), { once: true })
    const time = this.passTime(seconds)
    const creating = Array.from({ length: creators }, () => this.create())
    const working = Array.from({ length: workers }, (_, n) => this.work(`load-${n + 1}`))
    const emptied = Promise.all(creating).then(() => this.awaitEmptyQueue())
    // The first failure stops all creators and workers. Each finishes its current request.
    const parts = [...creating, ...working, emptied].map((part) =>
      part.catch((error: unknown) => {
        this.ending.abort()
        throw error
      }),
    )
    const outcomes = await Promise.allSettled(parts)
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure) throw failure.reason
    await time
  }

  private async passTime(seconds: number): Promise<void> {
    const startedAt = performance.now()
    await pause(seconds * 1000, undefined, { signal: this.ending.signal }).catch(() => undefined)
    this.isCreating = false
    this.inTime = this.counts
    this.elapsedSeconds = (performance.now() - startedAt) / 1000
  }

  private async create(): Promise<void> {
    const { batch, backlog } = this.settings
    for (let size = batch; this.isCreating; size = size === 1 ? batch : 1) {
      while (this.isCreating && this.sent - this.counted.completed > Math.max(0, backlog - size)) await pause(POLL_MS)
      if (!this.isCreating) return
      const contents = Array.from({ length: size }, () => `job ${++this.sent}`)
      const now = performance.now()
      for (const content of contents) this.sentAt.set(content, now)
      if (size === 1) await this.latencies.createOne.time(() => this.client.create(contents[0] ?? ''))
      else await this.latencies.createBatch.time(() => this.client.createBatch(contents))
      this.counted.created += size
    }
  }

  /** Lets the workers empty the queue, then stops them. */
  private async awaitEmptyQueue(): Promise<void> {
    this.completedAt = performance.now()
    while (!this.ending.signal.aborted && this.counted.completed < this.counted.created) {
      if (performance.now() - this.completedAt > TIMEOUT_MS) {
        const waiting = this.counted.created - this.counted.completed
        throw new LoadError(`${waiting} jobs wait, and none was completed for ${TIMEOUT_MS / 1000} s.`)
      }
      await pause(POLL_MS)
    }
    this.ending.abort()
  }

  private async work(workerId: string): Promise<void> {
    const atOnce = pLimit(this.settings.concurrency)
    while (!this.ending.signal.aborted) {
      const startedAt = performance.now()
      const jobs = await this.client.claim(workerId, this.settings.claim)
      if (jobs.length === 0) await pause(POLL_MS)
      else this.latencies.claim.record(performance.now() - startedAt)
      this.counted.claimed += jobs.length
      await Promise.all(jobs.map((job) => atOnce(() => this.complete(job))))
    }
  }

  private async complete(job: ClaimedJob): Promise<void> {
    await this.latencies.complete.time(() => this.client.complete(job))
    this.counted.completed += 1
    this.completedAt = performance.now()
    const sentAt = this.sentAt.get(job.content)
    if (sentAt !== undefined) this.latencies.creationToCompletion.record(this.completedAt - sentAt)
    this.sentAt.delete(job.content)
  }
}
