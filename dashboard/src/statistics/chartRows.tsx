import type { Signal } from '@preact/signals'
import { bucketLabel } from './bucketLabels.ts'
import { ChartRow } from './chartRow.tsx'
import { COUNT_ROWS, DURATION_ROWS, type StatsRow } from './series.ts'
import type { Loaded } from './statistics.ts'

interface ChartRowsProps {
  readonly loaded: Loaded
  readonly query: URLSearchParams
  /** The bucket that the visitor points at. */
  readonly pointed: Signal<number | undefined>
}

/** All series, one below the other along the same time. */
export function ChartRows({ loaded, query, pointed }: ChartRowsProps) {
  const rows = (all: readonly StatsRow[]) =>
    all.map((row, index) => (
      <ChartRow
        key={row.label}
        row={row}
        loaded={loaded}
        query={query}
        pointed={pointed}
        hasTimeAxis={index === all.length - 1}
      />
    ))
  return (
    <>
      <div class="chart-panel">
        <Columns total="Total" loaded={loaded} pointed={pointed} />
        {rows(COUNT_ROWS)}
      </div>
      <div class="chart-panel">
        <Columns total="Highest" loaded={loaded} pointed={pointed} />
        {rows(DURATION_ROWS)}
      </div>
      <ul class="stats-notes muted">
        <li>
          Drag to zoom, click a bucket to list its jobs. In a chart, the arrow keys choose a bucket, Enter lists its
          jobs, + zooms in.
        </li>
        <li>
          The numbers count what happened: a job that was retried starts and fails more than once. The list shows jobs
          as they are now, so it lacks those that were retried or deleted since.
        </li>
        {loaded.range.size === 'DAY' && <li>Days are from midnight to midnight UTC.</li>}
        {loaded.range.isCurrent && <li>The last bucket, drawn lighter, is still in progress.</li>}
      </ul>
    </>
  )
}

interface ColumnsProps extends Omit<ChartRowsProps, 'query'> {
  readonly total: string
}

/** What the numbers beside the charts are: of all buckets, and of the one that is pointed at. */
function Columns({ total, loaded, pointed }: ColumnsProps) {
  const index = pointed.value
  return (
    <p class="chart-columns" aria-hidden="true">
      <span>{total}</span>
      <span>{index !== undefined && index < loaded.buckets.length && bucketLabel(loaded, index)}</span>
    </p>
  )
}
