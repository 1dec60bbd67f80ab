import { effect, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { changeParameters, navigate } from '../router.ts'
import { theme } from '../shell/theme.ts'
import { bucketLabel } from './bucketLabels.ts'
import { Chart } from './chart.ts'
import { jobsUrls } from './jobsUrls.ts'
import { bucketSpan, rangeParameters } from './range.ts'
import {
  bucketValue,
  countText,
  type DurationRow,
  durationText,
  longest,
  type StatsBucket,
  type StatsRow,
  totalOf,
} from './series.ts'
import type { Loaded } from './statistics.ts'

interface ChartRowProps {
  readonly row: StatsRow
  readonly loaded: Loaded
  readonly query: URLSearchParams
  /** The bucket that the visitor points at, in all rows. */
  readonly pointed: Signal<number | undefined>
  readonly hasTimeAxis: boolean
}

/** One series: what it is, its total, its value in the bucket that is pointed at, and its chart. */
export function ChartRow(props: ChartRowProps) {
  const { row, loaded, query, pointed } = props
  const id = row.label.toLowerCase().replaceAll(' ', '-')
  const bucket = pointed.value === undefined ? undefined : loaded.buckets[pointed.value]
  return (
    <section class={`chart-row state-${row.color.toLowerCase()}`} aria-labelledby={id}>
      <div class="chart-head">
        <h2 id={id}>
          <span class="dot" aria-hidden="true" />
          {row.label}
        </h2>
        {row.kind === 'count' ? (
          <p class="chart-numbers">
            <a href={jobsUrls(row, { query, filter: loaded.filter })(loaded.range)}>
              {countText(totalOf(loaded.buckets, row.name))}
            </a>
            <Pointed text={bucket && countText(bucket[row.name])} />
          </p>
        ) : (
          <DurationKeys row={row} buckets={loaded.buckets} bucket={bucket} />
        )}
      </div>
      <ChartSlider {...props} labelledBy={id} />
    </section>
  )
}

/** The slider announces it to people who cannot see it. */
function Pointed({ text }: { readonly text: string | undefined }) {
  return (
    <span class="chart-pointed" aria-hidden="true">
      {text}
    </span>
  )
}

interface DurationKeysProps {
  readonly row: DurationRow
  readonly buckets: readonly StatsBucket[]
  readonly bucket: StatsBucket | undefined
}

/** How each line is drawn, and its highest value. */
function DurationKeys({ row, buckets, bucket }: DurationKeysProps) {
  return (
    <ul class="line-keys">
      {row.lines.map((line, index) => (
        <li key={line.name}>
          <svg width="18" height="8" aria-hidden="true">
            <path d="M0 4h18" class={index === 0 ? 'line-solid' : 'line-dashed'} />
          </svg>
          <span>{line.label}</span>
          <span class="line-highest">{durationText(longest(buckets, line.name))}</span>
          <Pointed text={bucket && durationText(bucket[line.name])} />
        </li>
      ))}
    </ul>
  )
}

/** The keys that move to another bucket, and by how many. Home and End move to the ends. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
}

/** A chart in which the visitor chooses a bucket, by pointer or by keys. */
function ChartSlider(props: ChartRowProps & { readonly labelledBy: string }) {
  const { row, loaded, pointed, labelledBy } = props
  const actions = actionsOf(props)
  const element = useChart(props, actions)
  const last = loaded.buckets.length - 1
  const index = Math.min(pointed.value ?? last, last)
  const bucket = loaded.buckets[index]
  const keyAction = (key: string): (() => void) | undefined => {
    if (key === 'Enter') return () => actions.open(index)
    if (key === '+') return () => actions.zoom(index, index)
    const step = STEPS[key]
    if (step === undefined) return undefined
    return () => {
      pointed.value = Math.max(0, Math.min(last, index + step))
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = keyAction(event.key)
    if (act === undefined) return
    act()
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      ref={element}
      class="chart"
      role="slider"
      tabIndex={0}
      aria-labelledby={labelledBy}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={index}
      aria-valuetext={`${bucketLabel(loaded, index)}: ${bucket && bucketValue(row, bucket)}`}
      onKeyDown={onKeyDown}
      onFocus={() => {
        pointed.value ??= last
      }}
      onBlur={() => {
        pointed.value = undefined
      }}
    />
  )
}

interface ChartActions {
  open(index: number): void
  zoom(first: number, last: number): void
}

/** What the visitor does with buckets of the data that is shown now. */
function actionsOf({ row, loaded, query }: ChartRowProps): ChartActions {
  const { range, filter } = loaded
  return {
    open: (index) => navigate(jobsUrls(row, { query, filter })(bucketSpan(range, index))),
    zoom: (first, last) =>
      changeParameters({ ...rangeParameters(bucketSpan(range, first, last), loaded.loadedAt), bucket: null }),
  }
}

/** Keeps a chart in the returned element. */
function useChart({ row, loaded, pointed, hasTimeAxis }: ChartRowProps, actions: ChartActions) {
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart | undefined>(undefined)
  const latest = useRef(actions)
  latest.current = actions
  useEffect(() => {
    if (element.current === null) return
    const created = new Chart(element.current, loaded, {
      row,
      hasTimeAxis,
      onPoint: (index) => {
        pointed.value = index
      },
      onOpen: (index) => latest.current.open(index),
      onZoom: (first, last) => latest.current.zoom(first, last),
    })
    chart.current = created
    const stopMarking = effect(() => created.mark(pointed.value))
    return () => {
      stopMarking()
      created.destroy()
    }
  }, [])
  useEffect(() => chart.current?.show(loaded), [loaded])
  useEffect(() => chart.current?.redraw(), [theme.value])
  return element
}
