// The page of records that is shown. Records never change: only newer ones are counted.
import { signal } from '@preact/signals'
import {
  type JobStateRecordFilter,
  NewestRecordsDocument,
  RecordsDocument,
  type RecordsQuery,
} from '../api/documents.generated.ts'
import { loadJobContents } from '../api/jobContents.ts'
import { LiveUpdates } from '../api/liveUpdates.ts'
import { PageLoads } from '../api/pageLoads.ts'
import { isFirstPage, newestArguments, type Position, pageArguments } from '../api/position.ts'
import { messageOf, request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { announce } from '../view/announcements.tsx'

type Page = RecordsQuery['jobStateRecords']
export type RecordRow = Page['nodes'][number]

const MAX_ROWS = 50
const MAX_NEWER = 100

/** New records are counted up to this number. */
export const maxNewer = (): number => pageSize(MAX_NEWER)

interface RecordsToList extends Position {
  readonly filter: JobStateRecordFilter
}

export class RecordList {
  readonly page = signal<Page | undefined>(undefined)
  /** By job id. Arrives after the rows. */
  readonly contents = signal<ReadonlyMap<string, string>>(new Map())
  /** Number of records that a new load would add to the page, counted up to `maxNewer()`. */
  readonly newer = signal(0)
  readonly live: LiveUpdates

  private readonly list: RecordsToList
  private readonly stopped = new AbortController()
  /** Each load brings the records that are new. */
  readonly loads = new PageLoads(() => this.loadPage(), this.stopped.signal)

  constructor(list: RecordsToList) {
    this.list = list
    void this.loads.load()
    this.live = new LiveUpdates({ filter: list.filter, update: () => this.update() })
  }

  stop(): void {
    this.live.stop()
    this.stopped.abort()
  }

  private async loadPage(): Promise<void> {
    const variables = { filter: this.list.filter, ...pageArguments(this.list, pageSize(MAX_ROWS)) }
    const { jobStateRecords } = await request(RecordsDocument, variables, this.stopped)
    this.page.value = jobStateRecords
    this.newer.value = 0
    announce(`${jobStateRecords.nodes.length} records are shown.`)
    void this.loadContents(jobStateRecords.nodes)
  }

  private async loadContents(rows: readonly RecordRow[]): Promise<void> {
    const ids = new Set(rows.map(({ job }) => job.jobId))
    this.contents.value = await loadJobContents([...ids], this.stopped)
  }

  private async update(): Promise<void> {
    await this.loads.settled()
    if (this.loads.isRefused.value) return this.live.stop()
    const page = this.page.value
    // The server was unavailable when the page was opened.
    if (page === undefined) return await this.loads.load()
    if (!isFirstPage(this.list)) return
    // An empty page has no rows that could move.
    if (page.nodes.length === 0) return await this.loads.load()
    try {
      const variables = { filter: this.list.filter, ...newestArguments(page.pageInfo, maxNewer()) }
      const { jobStateRecords } = await request(NewestRecordsDocument, variables, this.stopped)
      if (this.page.value !== page) return
      const shown = new Set(page.nodes.map(({ id }) => id))
      const count = jobStateRecords.nodes.filter(({ id }) => !shown.has(id)).length
      if (count > this.newer.value) announce(`${count} new records.`)
      this.newer.value = count
    } catch (error) {
      if (!this.stopped.signal.aborted) this.live.interrupt(messageOf(error))
    }
  }
}
