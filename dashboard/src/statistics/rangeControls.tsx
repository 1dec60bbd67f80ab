import { STATISTICS_URL, urlWith } from '../paths.ts'
import { changeParameters } from '../router.ts'
import { inputOfInstant, instantOfInput } from '../view/instants.ts'
import { BUCKET_SIZES, DEFAULT_FROM, fits, neighbours, rangeParameters, type StatsRange } from './range.ts'

const RANGES = [
  { from: '-1h', label: 'Last hour' },
  { from: DEFAULT_FROM, label: 'Last 24 hours' },
  { from: '-7d', label: 'Last 7 days' },
  { from: '-30d', label: 'Last 30 days' },
] as const

const SIZE_NAMES = { MINUTE: 'minute', HOUR: 'hour', DAY: 'day' } as const

interface RangeControlsProps {
  readonly query: URLSearchParams
  readonly range: StatsRange
}

/** The time that is shown, and the size of its buckets. */
export function RangeControls({ query, range }: RangeControlsProps) {
  const from = query.get('from') ?? DEFAULT_FROM
  const preset = query.has('to') ? undefined : RANGES.find((each) => each.from === from)
  const choose = (value: string): void => {
    const absolute = value === 'between' ? rangeParameters(range, Date.now()) : { from: value, to: null }
    changeParameters({ ...absolute, bucket: null })
  }
  return (
    <div class="stats-controls">
      <label class="inline-field">
        <span>Time</span>
        <select value={preset?.from ?? 'between'} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {RANGES.map((each) => (
            <option key={each.from} value={each.from}>
              {each.label}
            </option>
          ))}
          <option value="between">Between…</option>
        </select>
      </label>
      {preset === undefined && <Bounds query={query} range={range} />}
      <BucketSelect range={range} />
      <Neighbours query={query} range={range} />
      {Object.entries(range.faults).map(([parameter, fault]) => (
        <p key={parameter} class="fault" role="alert">
          {fault}
        </p>
      ))}
    </div>
  )
}

/** The two instants, in the time zone of the browser. */
function Bounds({ query, range }: RangeControlsProps) {
  const bound = (name: 'from' | 'to', word: string) => (
    <label class="inline-field">
      <span>{word}</span>
      <input
        type="datetime-local"
        value={query.has(name) ? inputOfInstant(new Date(range[name]).toISOString()) : ''}
        onChange={({ currentTarget }) => changeParameters({ [name]: instantOfInput(currentTarget.value) })}
      />
    </label>
  )
  return (
    <>
      {bound('from', 'from')}
      {bound('to', 'until (empty: now)')}
    </>
  )
}

function BucketSelect({ range }: { readonly range: StatsRange }) {
  return (
    <label class="inline-field">
      <span>By</span>
      <select
        value={range.isSizeChosen ? range.size : ''}
        onChange={({ currentTarget }) => changeParameters({ bucket: currentTarget.value.toLowerCase() || null })}
      >
        <option value="">{range.isSizeChosen ? 'automatic' : `${SIZE_NAMES[range.size]} (automatic)`}</option>
        {BUCKET_SIZES.map((size) => (
          <option key={size} value={size} disabled={!fits(range, size)}>
            {SIZE_NAMES[size]}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Links to the ranges beside the shown one, and around it. */
function Neighbours({ query, range }: RangeControlsProps) {
  const at = Date.now()
  const { earlier, later, wider } = neighbours(range, at)
  const urlOf = (span: { from: number; to: number }) =>
    urlWith(STATISTICS_URL, query, { ...rangeParameters(span, at), bucket: null })
  return (
    <nav class="stats-neighbours" aria-label="Other times">
      <a rel="prev" href={urlOf(earlier)}>
        ← Earlier
      </a>
      {later && (
        <a rel="next" href={urlOf(later)}>
          Later →
        </a>
      )}
      {wider && (
        <a class="zoom-out" href={urlOf(wider)}>
          Zoom out
        </a>
      )}
    </nav>
  )
}
