// The page /ui/jobs.

import { useEffect, useMemo } from 'preact/hooks'
import { BulkButton } from '../bulk/bulkButton.tsx'
import { ExportButtons } from '../export/exportButtons.tsx'
import { JOB_FIELDS } from '../filters/fields.ts'
import { FilterForm, focusFilters } from '../filters/filterForm.tsx'
import { LIST_URL } from '../paths.ts'
import { address, changeParameters } from '../router.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { EventStatus } from '../view/eventStatus.tsx'
import { useShortcuts } from '../view/keys.ts'
import { listKeys } from '../view/listKeys.ts'
import { LoadError, linksWithout } from '../view/loadError.tsx'
import { NewerButton } from '../view/newerButton.tsx'
import { Notice } from '../view/notice.tsx'
import { Pager } from '../view/pager.tsx'
import { STATES } from '../view/stateNames.ts'
import { exportableJobs } from './exportableJobs.ts'
import { JobList, maxNewer } from './jobList.ts'
import { JobTable } from './jobTable.tsx'
import { ORDERS, orderParameter, readAddress, withoutFilters } from './listAddress.ts'
import { StateTabs } from './stateTabs.tsx'

export function JobsPage() {
  const { query } = address.value
  // A new address is a new list. Relative instants count from when it was opened.
  const { list, request } = useMemo(() => {
    const request = readAddress(query, Date.now())
    return { list: new JobList(request), request }
  }, [query])
  useEffect(() => () => list.stop(), [list])
  useListShortcuts(list)
  const isRefused = list.loads.isRefused.value
  const show = (): void => void list.loads.load()
  const clearUrl = withoutFilters(query)
  return (
    <>
      <PageHeading title="Jobs">
        {!isRefused && <EventStatus interruption={list.live.interruption} />}
        <label class="inline-field">
          <span>Order</span>
          <select
            value={String(ORDERS.indexOf(request.order))}
            onChange={({ currentTarget }) => {
              const order = ORDERS[Number(currentTarget.value)] ?? ORDERS[0]
              changeParameters({ order: orderParameter(order) })
            }}
          >
            {ORDERS.map(({ label }, index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <ExportButtons list={exportableJobs(request)} />
        <BulkButton counts={list.counts.value} states={request.states} query={query} />
      </PageHeading>
      <StateTabs counts={list.counts.value} states={request.states} query={query} />
      <FilterForm fields={JOB_FIELDS} query={query} faults={request.faults} clearUrl={clearUrl} />
      {request.notes.length > 0 && <Notice sentences={request.notes} />}
      <LoadError
        message={list.loads.error.value}
        isRefused={isRefused}
        onRetry={show}
        links={linksWithout(clearUrl, LIST_URL, query)}
      />
      <NewerButton count={list.newer.value} max={maxNewer()} noun="job" onShow={show} />
      <JobTable list={list} query={query} />
      {!isRefused && <Pager page={list.pageInfo.value} position={request} path={LIST_URL} query={query} />}
    </>
  )
}

function useListShortcuts(list: JobList): void {
  const select = (state: string | null) => changeParameters({ state })
  useShortcuts([
    ...listKeys('job', () => void list.loads.load()),
    { key: 'f', label: 'Go to the filters', run: focusFilters },
    { key: '0', label: 'Jobs in all states', run: () => select(null) },
    ...STATES.map((state, index) => ({
      key: String(index + 1),
      label: `Jobs in state ${state}`,
      run: () => select(state),
    })),
  ])
}
