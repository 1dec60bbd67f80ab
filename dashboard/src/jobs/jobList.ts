// The page of jobs that is shown: loads it, and keeps it current without moving its rows.
import { signal } from '@preact/signals'
import {
  JobCountsDocument,
  type JobCountsQuery,
  type JobRowFragment,
  JobRowsDocument,
  type JobState,
  JobsDocument,
  type JobsQuery,
  NewestJobsDocument,
} from '../api/documents.generated.ts'
import { loadJobContents } from '../api/jobContents.ts'
import { LiveUpdates } from '../api/liveUpdates.ts'
import { PageLoads } from '../api/pageLoads.ts'
import { isFirstPage, newestArguments } from '../api/position.ts'
import { messageOf, request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { announce } from '../view/announcements.tsx'
import { type ListRequest, pageVariables, withStates } from './listAddress.ts'

export type Row = JobRowFragment
export type PageInfo = JobsQuery['jobs']['pageInfo']
export type Counts = Readonly<Record<JobState, number>>

export function countsOf(counts: JobCountsQuery['jobCountsByState']): Counts {
  return Object.fromEntries(counts.map(({ state, count }) => [state, count])) as Counts
}

const MAX_ROWS = 50
const MAX_NEWER = 100

/** New jobs are counted up to this number. */
export const maxNewer = (): number => pageSize(MAX_NEWER)

export class JobList {
  readonly rows = signal<readonly Row[] | undefined>(undefined)
  readonly pageInfo = signal<PageInfo | undefined>(undefined)
  /** By job id. Arrives after the rows. */
  readonly contents = signal<ReadonlyMap<string, string>>(new Map())
  readonly counts = signal<Counts | undefined>(undefined)
  /** Number of jobs that a new load would add to the page, counted up to `maxNewer()`. */
  readonly newer = signal(0)
  readonly live: LiveUpdates

  private readonly list: ListRequest
  private readonly changed = new Set<string>()
  private readonly stopped = new AbortController()
  /** Each load brings the jobs that are new. */
  readonly loads = new PageLoads(() => this.loadPage(), this.stopped.signal)

  constructor(list: ListRequest) {
    this.list = list
    void this.loads.load()
    const { userId } = list.filter
    this.live = new LiveUpdates({
      filter: userId == null ? {} : { userId },
      onOpen: () => {
        for (const { jobId } of this.rows.value ?? []) this.changed.add(jobId)
      },
      onChange: (jobId) => this.changed.add(jobId),
      update: () => this.update(),
    })
  }

  stop(): void {
    this.live.stop()
    this.stopped.abort()
  }

  private async loadPage(): Promise<void> {
    await Promise.all([this.loadRows(), this.loadCounts()])
  }

  private async loadRows(): Promise<void> {
    const { jobs } = await request(JobsDocument, pageVariables(this.list, pageSize(MAX_ROWS)), this.stopped)
    this.rows.value = jobs.nodes
    this.pageInfo.value = jobs.pageInfo
    this.newer.value = 0
    announce(`${jobs.nodes.length} jobs are shown.`)
    void this.loadContents(jobs.nodes)
  }

  private async loadCounts(): Promise<void> {
    const variables = { filter: this.list.filter }
    const { jobCountsByState } = await request(JobCountsDocument, variables, this.stopped)
    this.counts.value = countsOf(jobCountsByState)
  }

  private async loadContents(rows: readonly Row[]): Promise<void> {
    const ids = rows.map(({ jobId }) => jobId)
    this.contents.value = await loadJobContents(ids, this.stopped)
  }

  private async update(): Promise<void> {
    await this.loads.settled()
    if (this.loads.isRefused.value) return this.live.stop()
    // The server was unavailable when the page was opened.
    if (this.rows.value === undefined) return await this.loads.load()
    const ids = (this.rows.value ?? []).map(({ jobId }) => jobId).filter((jobId) => this.changed.has(jobId))
    this.changed.clear()
    try {
      await Promise.all([this.loadCounts(), this.updateRows(ids), this.countNewer()])
    } catch (error) {
      if (!this.stopped.signal.aborted) this.live.interrupt(messageOf(error))
    }
  }

  /** Rows stay where they are, also if they no longer match: nothing moves under the pointer. */
  private async updateRows(ids: string[]): Promise<void> {
    if (ids.length === 0) return
    const { nodes } = await request(JobRowsDocument, { ids }, this.stopped)
    const byId = new Map((nodes as readonly (Row | null)[]).flatMap((job) => (job ? [[job.jobId, job]] : [])))
    this.rows.value = this.rows.value?.map((row) => byId.get(row.jobId) ?? row)
  }

  private async countNewer(): Promise<void> {
    const { filter, states, order } = this.list
    const isNewestFirst = order.field === 'CREATED_AT' && order.direction === 'DESC'
    if (!isNewestFirst || !isFirstPage(this.list)) return
    const page = this.pageInfo.value
    // An empty page has no rows that could move.
    if (page == null || page.endCursor === null) return await this.loads.load()
    const variables = { filter: withStates(filter, states), ...newestArguments(page, maxNewer()) }
    const { jobs } = await request(NewestJobsDocument, variables, this.stopped)
    if (this.pageInfo.value !== page) return
    const shown = new Set(this.rows.value?.map(({ jobId }) => jobId))
    const count = jobs.nodes.filter(({ jobId }) => !shown.has(jobId)).length
    if (count > this.newer.value) announce(`${count} new jobs.`)
    this.newer.value = count
  }
}
