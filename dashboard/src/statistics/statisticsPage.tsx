// The page /ui/statistics. Loaded when it is opened, because it includes the charts.
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { FilterForm, focusFilters } from '../filters/filterForm.tsx'
import { STATISTICS_URL, urlWith } from '../paths.ts'
import { address, changeParameters } from '../router.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { announce } from '../view/announcements.tsx'
import { useShortcuts } from '../view/keys.ts'
import { LiveStatus } from '../view/liveStatus.tsx'
import { LoadError, linksWithout } from '../view/loadError.tsx'
import { Notice } from '../view/notice.tsx'
import { saveFile } from '../view/saveFile.ts'
import { ChartRows } from './chartRows.tsx'
import { statisticsText } from './csv.ts'
import { readRange } from './range.ts'
import { RangeControls } from './rangeControls.tsx'
import { COUNT_ROWS, totalOf } from './series.ts'
import { StateFilter } from './stateFilter.tsx'
import { type Loaded, Statistics } from './statistics.ts'
import { readStatisticsFilter, STATISTICS_FIELDS, statisticsNotes, withoutFilters } from './statisticsFilter.ts'
import { StatisticsTable } from './statisticsTable.tsx'
import { summaryOf } from './summary.ts'
import 'uplot/dist/uPlot.min.css'
import '../styles/statistics.css'

export function StatisticsPage() {
  const { query } = address.value
  const { statistics, range, faults } = useMemo(() => {
    const at = Date.now()
    const { faults } = readStatisticsFilter(query, at)
    return { statistics: new Statistics(query), range: readRange(query, at), faults }
    // The table has the numbers of the charts.
  }, [urlWith(STATISTICS_URL, query, { view: null })])
  useEffect(() => () => statistics.stop(), [statistics])
  const { loaded, isLoading } = useShown(statistics)
  const isTable = query.get('view') === 'table'
  useStatisticsShortcuts(isTable)
  const error = statistics.error.value
  const clearUrl = withoutFilters(query)
  const notes = statisticsNotes(query)
  return (
    <>
      <PageHeading title="Statistics">
        {range.isCurrent && error === undefined && <LiveStatus interruption={statistics.interruption} />}
        <a class="button" href={urlWith(STATISTICS_URL, query, { view: isTable ? null : 'table' })}>
          {isTable ? 'As charts' : 'As a table'}
        </a>
        {loaded && (
          <button type="button" class="button" onClick={() => saveCsv(loaded)}>
            Export CSV
          </button>
        )}
      </PageHeading>
      <RangeControls query={query} range={statistics.loaded.value?.range ?? range} />
      <FilterForm fields={STATISTICS_FIELDS} query={query} faults={faults} isCompact clearUrl={clearUrl}>
        <StateFilter query={query} />
      </FilterForm>
      {notes.length > 0 && <Notice sentences={notes} />}
      <LoadError
        message={error}
        isRefused={statistics.interruption.value?.isFinal === true}
        onRetry={() => void statistics.load()}
        links={linksWithout(clearUrl, STATISTICS_URL, query)}
      />
      {isLoading && !loaded && <p class="muted">Loading…</p>}
      {loaded && (
        <div class="stats" aria-busy={isLoading}>
          <p class="stats-summary">{summaryOf(loaded)}</p>
          <Content loaded={loaded} query={query} isTable={isTable} />
        </div>
      )}
    </>
  )
}

/** The loaded statistics; until they arrive, the previous ones, so that the page does not jump. */
function useShown({ loaded, error }: Statistics): { loaded: Loaded | undefined; isLoading: boolean } {
  const last = useRef<Loaded | undefined>(undefined)
  if (loaded.value !== undefined || error.value !== undefined) last.current = loaded.value
  const isLoading = loaded.value === undefined && error.value === undefined
  useEffect(() => {
    if (loaded.value !== undefined) announce(summaryOf(loaded.value))
  }, [isLoading])
  return { loaded: last.current, isLoading }
}

interface ContentProps {
  readonly loaded: Loaded
  readonly query: URLSearchParams
  readonly isTable: boolean
}

function Content({ loaded, query, isTable }: ContentProps) {
  const pointed = useSignal<number | undefined>(undefined)
  if (COUNT_ROWS.every(({ name }) => totalOf(loaded.buckets, name) === 0)) return <Nothing query={query} />
  if (isTable) return <StatisticsTable loaded={loaded} query={query} />
  return <ChartRows loaded={loaded} query={query} pointed={pointed} />
}

function Nothing({ query }: { readonly query: URLSearchParams }) {
  const clearUrl = withoutFilters(query)
  const monthUrl = query.get('from') === '-30d' ? undefined : urlWith(STATISTICS_URL, query, MONTH)
  return (
    <div class="empty">
      <p class="empty-title">Nothing happened in this time{clearUrl && ' to jobs that match'}.</p>
      <p>
        {monthUrl && <a href={monthUrl}>Show the last 30 days</a>}
        {monthUrl && clearUrl && ' · '}
        {clearUrl && <a href={clearUrl}>Clear filters</a>}
      </p>
    </div>
  )
}

const MONTH = { from: '-30d', to: null, bucket: null } as const

function saveCsv(loaded: Loaded): void {
  const file = new Blob([statisticsText(loaded, ',')], { type: 'text/csv' })
  saveFile(file, `statistics-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.csv`)
}

function useStatisticsShortcuts(isTable: boolean): void {
  const follow = (selector: string): void =>
    document.querySelector<HTMLElement>(`.stats-neighbours ${selector}`)?.click()
  useShortcuts([
    { key: 'p', label: 'Earlier', run: () => follow('[rel="prev"]') },
    { key: 'n', label: 'Later', run: () => follow('[rel="next"]') },
    { key: 'o', label: 'Zoom out', run: () => follow('.zoom-out') },
    { key: 'v', label: 'As a table or as charts', run: () => changeParameters({ view: isTable ? null : 'table' }) },
    { key: 'f', label: 'Go to the filters', run: focusFilters },
    { key: 'c', label: 'Go to the charts: arrow keys, Enter and + work there', run: focusChart },
  ])
}

function focusChart(): void {
  document.querySelector<HTMLElement>('.chart')?.focus()
}
