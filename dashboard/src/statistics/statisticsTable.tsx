import { useState } from 'preact/hooks'
import { CopyButton } from '../view/block.tsx'
import { bucketLabel, zoneOf } from './bucketLabels.ts'
import { statisticsText } from './csv.ts'
import { jobsUrls } from './jobsUrls.ts'
import { bucketSpan } from './range.ts'
import { COUNT_ROWS, countText, DURATION_ROWS, durationText, type StatsBucket, totalOf } from './series.ts'
import type { Loaded } from './statistics.ts'

interface StatisticsTableProps {
  readonly loaded: Loaded
  readonly query: URLSearchParams
}

const LINES = DURATION_ROWS.flatMap(({ label, lines }) =>
  lines.map((line) => ({ ...line, label: `${label}, ${line.label}` })),
)

/**
 * Maximum number of rows: more would block the browser for too long. Ranges that are chosen
 * automatically have fewer.
 */
const MAX_ROWS = 300

/** The numbers of the charts, to read and to copy. */
export function StatisticsTable({ loaded, query }: StatisticsTableProps) {
  const { range, filter, buckets } = loaded
  const [showsAll, setShowsAll] = useState(false)
  const hidden = showsAll ? 0 : Math.max(0, buckets.length - MAX_ROWS)
  const urls = COUNT_ROWS.map((row) => ({ name: row.name, urlOf: jobsUrls(row, { query, filter }) }))
  return (
    <div class="stats-table">
      <div class="stats-table-bar">
        {hidden > 0 && (
          <>
            <span>The latest {MAX_ROWS} rows are shown.</span>
            <button type="button" class="button" onClick={() => setShowsAll(true)}>
              Show all {countText(buckets.length)}
            </button>
          </>
        )}
        <CopyButton label="the numbers" text={statisticsText(loaded, '\t')} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" aria-label="Statistics as a table" tabIndex={0}>
        <table>
          <caption class="visually-hidden">Statistics, one bucket per row</caption>
          <thead>
            <tr>
              <th scope="col">Time ({zoneOf(range.size)})</th>
              {[...COUNT_ROWS, ...LINES].map(({ label, name }) => (
                <th key={name} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {buckets.slice(hidden).map((bucket, row) => (
              <tr key={bucket.start}>
                <th scope="row">
                  <time dateTime={bucket.start} title={`${bucket.start} in UTC`}>
                    {bucketLabel(loaded, hidden + row)}
                  </time>
                </th>
                {urls.map(({ name, urlOf }) => (
                  <CountCell key={name} count={bucket[name]} href={urlOf(bucketSpan(range, hidden + row))} />
                ))}
                {LINES.map(({ name }) => (
                  <DurationCell key={name} ms={bucket[name]} />
                ))}
              </tr>
            ))}
          </tbody>
          <Totals buckets={buckets} />
        </table>
      </section>
    </div>
  )
}

function CountCell({ count, href }: { readonly count: number; readonly href: string }) {
  return <td>{count === 0 ? <span class="muted">0</span> : <a href={href}>{countText(count)}</a>}</td>
}

function DurationCell({ ms }: { readonly ms: number | null }) {
  return <td title={ms === null ? undefined : `${ms} ms`}>{durationText(ms)}</td>
}

function Totals({ buckets }: { readonly buckets: readonly StatsBucket[] }) {
  return (
    <tfoot>
      <tr>
        <th scope="row">Total</th>
        {COUNT_ROWS.map(({ name }) => (
          <td key={name}>{countText(totalOf(buckets, name))}</td>
        ))}
        <td colSpan={LINES.length} />
      </tr>
    </tfoot>
  )
}
