// The statistics that are shown: loads them, and keeps them current while their range ends now.
import { effect, signal } from '@preact/signals'
import { type JobFilter, StatisticsDocument } from '../api/documents.generated.ts'
import type { Interruption } from '../api/jobChanges.ts'
import { isRefusal, messageOf, request } from '../api/request.ts'
import { now } from '../view/clock.ts'
import { readRange, type StatsRange } from './range.ts'
import type { StatsBucket } from './series.ts'
import { readStatisticsFilter } from './statisticsFilter.ts'

export interface Loaded {
  readonly range: StatsRange
  readonly filter: JobFilter
  readonly buckets: readonly StatsBucket[]
  /** In milliseconds. */
  readonly loadedAt: number
}

/** Pause between two updates. */
const UPDATE_PAUSE_MS = 5000
/** Minimum ratio of a pause to the time that the server took, so that it has time for others. */
const PAUSE_PER_REQUEST = 20

export class Statistics {
  readonly loaded = signal<Loaded | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)
  /** Why there are no updates at the moment. */
  readonly interruption = signal<Interruption | undefined>(undefined)

  private readonly query: URLSearchParams
  private readonly stopped = new AbortController()
  private readonly stopUpdates: () => void
  /** When the next update is due. */
  private dueAt = Number.POSITIVE_INFINITY

  constructor(query: URLSearchParams) {
    this.query = query
    void this.load()
    // The clock does not run while the page is hidden.
    this.stopUpdates = effect(() => {
      if (now.value >= this.dueAt) void this.load()
    })
  }

  stop(): void {
    this.stopUpdates()
    this.stopped.abort()
  }

  async load(): Promise<void> {
    this.dueAt = Number.POSITIVE_INFINITY
    const startedAt = Date.now()
    const range = readRange(this.query, startedAt)
    const { filter } = readStatisticsFilter(this.query, startedAt)
    try {
      const span = { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() }
      const { jobStats } = await request(StatisticsDocument, { filter, ...span, bucket: range.size }, this.stopped)
      this.loaded.value = { range, filter, buckets: jobStats, loadedAt: startedAt }
      this.error.value = undefined
      this.interruption.value = undefined
    } catch (error) {
      if (this.stopped.signal.aborted) return
      if (this.loaded.value === undefined) this.error.value = messageOf(error)
      const isFinal = isRefusal(error)
      this.interruption.value = { reason: messageOf(error), isFinal }
      if (isFinal) return
    }
    const endedAt = Date.now()
    if (range.isCurrent) this.dueAt = endedAt + Math.max(UPDATE_PAUSE_MS, PAUSE_PER_REQUEST * (endedAt - startedAt))
  }
}
