// The page /ui/records.

import { useEffect, useMemo } from 'preact/hooks'
import { ExportButtons } from '../export/exportButtons.tsx'
import { FilterForm, focusFilters } from '../filters/filterForm.tsx'
import { RECORDS_URL } from '../paths.ts'
import { address } from '../router.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { EventStatus } from '../view/eventStatus.tsx'
import { useShortcuts } from '../view/keys.ts'
import { listKeys } from '../view/listKeys.ts'
import { LoadError, linksWithout } from '../view/loadError.tsx'
import { NewerButton } from '../view/newerButton.tsx'
import { Notice } from '../view/notice.tsx'
import { Pager } from '../view/pager.tsx'
import { exportableRecords } from './exportableRecords.ts'
import { maxNewer, RecordList } from './recordList.ts'
import { RECORD_FIELDS, readRecordsAddress, withoutFilters } from './recordsAddress.ts'
import { RecordTable } from './recordTable.tsx'
import '../styles/records.css'

export function RecordsPage() {
  const { query } = address.value
  // A new address is a new list. Relative instants count from when it was opened.
  const { list, request } = useMemo(() => {
    const request = readRecordsAddress(query, Date.now())
    return { list: new RecordList(request), request }
  }, [query])
  useEffect(() => () => list.stop(), [list])
  const show = (): void => void list.loads.load()
  useShortcuts([...listKeys('record', show), { key: 'f', label: 'Go to the filters', run: focusFilters }])
  const page = list.page.value
  const isRefused = list.loads.isRefused.value
  const clearUrl = withoutFilters(query)
  return (
    <>
      <PageHeading title="Activity">
        {!isRefused && <EventStatus interruption={list.live.interruption} />}
        <ExportButtons list={exportableRecords(request.filter)} />
      </PageHeading>
      <FilterForm fields={RECORD_FIELDS} query={query} faults={request.faults} clearUrl={clearUrl} />
      {request.notes.length > 0 && <Notice sentences={request.notes} />}
      <LoadError
        message={list.loads.error.value}
        isRefused={isRefused}
        onRetry={show}
        links={linksWithout(clearUrl, RECORDS_URL, query)}
      />
      <NewerButton count={list.newer.value} max={maxNewer()} noun="record" onShow={show} />
      {page?.nodes.length === 0 ? <NoRecords clearUrl={clearUrl} /> : <RecordTable list={list} />}
      {!isRefused && <Pager page={page?.pageInfo} position={request} path={RECORDS_URL} query={query} />}
    </>
  )
}

function NoRecords({ clearUrl }: { readonly clearUrl: string | undefined }) {
  return (
    <div class="empty">
      <p class="empty-title">{clearUrl === undefined ? 'There are no records yet.' : 'No record matches.'}</p>
      {clearUrl === undefined ? (
        <p>Each change of the state of a job adds one.</p>
      ) : (
        <p>
          <a href={clearUrl}>Clear filters</a>
        </p>
      )}
    </div>
  )
}
