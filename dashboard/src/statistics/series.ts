// The rows of the page, and the jobs that each one counts.
import type { JobState, StatisticsQuery } from '../api/documents.generated.ts'
import { roughDuration } from '../view/instants.ts'

export type StatsBucket = StatisticsQuery['jobStats'][number]
export type CountName = 'created' | 'started' | 'completed' | 'failed' | 'cancelled'
type DurationName = 'medianWaitMs' | 'medianProcessingMs' | 'p95ProcessingMs'

/** The jobs of a row: those whose time is in the bucket, in one of the states. */
interface Jobs {
  readonly time: 'created' | 'started' | 'completed'
  readonly states: readonly JobState[]
  readonly includeDeleted?: true
}

interface Row {
  readonly label: string
  /** The state whose color it has. */
  readonly color: JobState
  readonly jobs: Jobs
}

export interface CountRow extends Row {
  readonly kind: 'count'
  readonly name: CountName
}

export interface DurationLine {
  readonly name: DurationName
  readonly label: string
}

export interface DurationRow extends Row {
  readonly kind: 'duration'
  /** The first is drawn solid, the second dashed. */
  readonly lines: readonly DurationLine[]
}

export type StatsRow = CountRow | DurationRow

export const COUNT_ROWS: readonly CountRow[] = [
  {
    kind: 'count',
    name: 'created',
    label: 'Created',
    color: 'PENDING',
    jobs: { time: 'created', states: [], includeDeleted: true },
  },
  {
    kind: 'count',
    name: 'started',
    label: 'Started',
    color: 'PROCESSING',
    jobs: { time: 'started', states: [], includeDeleted: true },
  },
  {
    kind: 'count',
    name: 'completed',
    label: 'Completed',
    color: 'COMPLETED',
    jobs: { time: 'completed', states: ['COMPLETED'] },
  },
  { kind: 'count', name: 'failed', label: 'Failed', color: 'FAILED', jobs: { time: 'completed', states: ['FAILED'] } },
  {
    kind: 'count',
    name: 'cancelled',
    label: 'Cancelled',
    color: 'CANCELLED',
    jobs: { time: 'completed', states: ['CANCELLED'] },
  },
]

export const DURATION_ROWS: readonly DurationRow[] = [
  {
    kind: 'duration',
    label: 'Waiting time',
    color: 'PENDING',
    lines: [{ name: 'medianWaitMs', label: 'median' }],
    jobs: { time: 'started', states: [], includeDeleted: true },
  },
  {
    kind: 'duration',
    label: 'Processing time',
    color: 'PROCESSING',
    lines: [
      { name: 'medianProcessingMs', label: 'median' },
      { name: 'p95ProcessingMs', label: 'p95' },
    ],
    jobs: { time: 'completed', states: ['COMPLETED', 'FAILED'] },
  },
]

const COUNT = new Intl.NumberFormat('en')

export const countText = (count: number): string => COUNT.format(count)

export function totalOf(buckets: readonly StatsBucket[], name: CountName): number {
  return buckets.reduce((sum, bucket) => sum + bucket[name], 0)
}

export const durationText = (ms: number | null): string => (ms === null ? '–' : roughDuration(ms))

/** What a row has in a bucket: "12", "no job", or "median 1.2 s, p95 4.0 s". */
export function bucketValue(row: StatsRow, bucket: StatsBucket): string {
  if (row.kind === 'count') return countText(bucket[row.name])
  if (row.lines.every(({ name }) => bucket[name] === null)) return 'no job'
  return row.lines.map(({ name, label }) => `${label} ${durationText(bucket[name])}`).join(', ')
}

export function longest(buckets: readonly StatsBucket[], name: DurationName): number | null {
  return buckets.reduce<number | null>((max, { [name]: ms }) => (ms === null || (max ?? -1) >= ms ? max : ms), null)
}
