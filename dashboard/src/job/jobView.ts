// The job that is shown, with its history, kept current.
import { signal } from '@preact/signals'
import { JobDocument, JobHistoryDocument, JobOutputDocument } from '../api/documents.generated.ts'
import { followJobChanges, type Interruption } from '../api/jobChanges.ts'
import { isRefusal, messageOf, request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { announce } from '../view/announcements.tsx'
import { PacedWork } from '../view/pacedWork.ts'
import { STATE_LABELS } from '../view/stateNames.ts'
import type { HistoryRecord, Job } from './job.ts'

/** Pause between two updates while the job changes. */
const UPDATE_PAUSE_MS = 500
/** Number of records that are read at once. */
const MAX_PAGE_SIZE = 100

export class JobView {
  /** Null: no job has the id. */
  readonly job = signal<Job | null | undefined>(undefined)
  /** All records, oldest first. Records never change, so only new ones are read. */
  readonly history = signal<readonly HistoryRecord[]>([])
  /** Of the result; undefined until it is shown. */
  readonly output = signal<{ readonly value: unknown } | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)
  /** Whether the API cannot read the id. */
  readonly isRefused = signal(false)
  /** Why there are no live updates at the moment. */
  readonly interruption = signal<Interruption | undefined>(undefined)

  private readonly id: string
  private cursor: string | null = null
  private readonly stopped = new AbortController()
  private readonly updates = new PacedWork(() => this.load(), UPDATE_PAUSE_MS)
  private stopFollowing: () => void = () => undefined

  constructor(id: string) {
    this.id = id
    void this.open()
  }

  stop(): void {
    this.stopFollowing()
    this.updates.stop()
    this.stopped.abort()
  }

  /** Reads the job again soon. */
  refresh(): void {
    this.updates.request()
  }

  // The API refuses to follow an id that it cannot read.
  private async open(): Promise<void> {
    await this.load()
    const job = this.job.value
    if (job === null || this.isRefused.value || this.stopped.signal.aborted) return
    this.stopFollowing = followJobChanges({
      // Without a job, the server could not be reached.
      filter: { jobId: job?.id ?? this.id },
      onOpen: () => {
        this.interruption.value = undefined
        this.updates.request()
      },
      onChange: () => this.updates.request(),
      onInterrupted: (interruption) => {
        this.interruption.value = interruption
      },
    })
  }

  /** Never rejects; `error` says what went wrong. */
  async load(): Promise<void> {
    try {
      const { job } = await request(JobDocument, { id: this.id }, this.stopped)
      const before = this.job.value
      if (job !== null) await this.loadNewRecords()
      this.job.value = job
      this.error.value = undefined
      if (job && before && job.version !== before.version)
        announce(`The job is now ${STATE_LABELS[job.state].toLowerCase()}.`)
      if (job?.result?.updatedAt !== before?.result?.updatedAt) this.output.value = undefined
    } catch (error) {
      if (this.stopped.signal.aborted) return
      this.error.value = messageOf(error)
      this.isRefused.value = isRefusal(error)
    }
  }

  private async loadNewRecords(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      const variables = { id: this.id, first: pageSize(MAX_PAGE_SIZE), after: this.cursor }
      const { job } = await request(JobHistoryDocument, variables, this.stopped)
      if (job === null) return
      const { nodes, pageInfo } = job.stateHistory
      if (nodes.length > 0) this.history.value = [...this.history.value, ...nodes]
      this.cursor = pageInfo.endCursor ?? this.cursor
      hasMore = pageInfo.hasNextPage
    }
  }

  async loadOutput(): Promise<void> {
    try {
      const { job } = await request(JobOutputDocument, { id: this.id }, this.stopped)
      this.output.value = { value: job?.result?.output ?? null }
    } catch (error) {
      if (!this.stopped.signal.aborted) this.error.value = messageOf(error)
    }
  }
}
