import { now } from '../view/clock.ts'
import { exactDuration, roughDuration, shortInstant } from '../view/instants.ts'
import { STATE_LABELS } from '../view/stateNames.ts'
import { isFinished, lengthOf, periodsOf } from './history.ts'
import type { HistoryRecord } from './job.ts'

/** Minimum share of the width at which a state is visible. */
const MIN_SHARE = 0.012
/** More would be too narrow to see; the records below have them all. */
const MAX_BARS = 60

/** The states of the job as bars, each as wide as the state lasted. */
export function Timeline({ history }: { readonly history: readonly HistoryRecord[] }) {
  const last = history.at(-1)
  if (last === undefined) return null
  const end = isFinished(last.newState) ? Date.parse(last.timestamp) : now.value
  // A finished job stays in its last state, which is a point and not a bar.
  const periods = periodsOf(history).filter(({ record, to }) => to !== undefined || !isFinished(record.newState))
  const shown = periods.slice(-MAX_BARS)
  const lengths = shown.map((period) => lengthOf(period, end))
  const total = Math.max(1, sumOf(lengths))
  const shares = lengths.map((length) => Math.max(MIN_SHARE, length / total))
  const sum = Math.max(1e-9, sumOf(shares))
  const bars = shown.map((period, index) => ({
    period,
    length: lengths[index] ?? 0,
    x: (100 * sumOf(shares.slice(0, index))) / sum,
    width: (100 * (shares[index] ?? 0)) / sum,
  }))
  if (bars.length === 0) return null
  const label = bars.map(({ period, length }) => `${STATE_LABELS[period.record.newState]} ${roughDuration(length)}`)
  return (
    <figure class="timeline">
      <svg width="100%" height="30" role="img" aria-label={`Time-line: ${label.join(', ')}`}>
        {bars.map(({ period: { record }, length, x, width }) => (
          <svg key={record.sequence} x={`${x}%`} width={`${width}%`} height="30">
            <title>{`${STATE_LABELS[record.newState]} for ${exactDuration(length)}, by ${record.actor}`}</title>
            <rect class={`bar state-${record.newState.toLowerCase()}`} width="100%" height="30" />
            {width > MIN_LABELLED_WIDTH && (
              <text class={`state-${record.newState.toLowerCase()}`} x="8" y="19">
                {roughDuration(length)}
              </text>
            )}
          </svg>
        ))}
      </svg>
      <figcaption>
        <span>{shortInstant(shown[0]?.record.timestamp ?? last.timestamp)}</span>
        {shares.includes(MIN_SHARE) && <span class="wide-only">short states are widened</span>}
        <span>{isFinished(last.newState) ? shortInstant(last.timestamp) : 'now'}</span>
      </figcaption>
    </figure>
  )
}

/** Minimum width of a bar that has a label, in percent. */
const MIN_LABELLED_WIDTH = 11

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
