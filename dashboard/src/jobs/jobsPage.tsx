// The page /ui/jobs.
import { useEffect, useMemo } from 'preact/hooks'
import { JOB_FIELDS } from '../filters/fields.ts'
import { FilterForm, focusFilters } from '../filters/filterForm.tsx'
import { address, changeParameters } from '../router.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { useShortcuts } from '../view/keys.ts'
import { LiveStatus } from '../view/liveStatus.tsx'
import { ErrorNotice, Notice } from '../view/notice.tsx'
import { STATES } from '../view/stateNames.ts'
import { ExportButtons } from './exportButtons.tsx'
import { JobList, maxNewer } from './jobList.ts'
import { JobTable } from './jobTable.tsx'
import { ORDERS, orderParameter, readAddress, withoutFilters } from './listAddress.ts'
import { Pager } from './pager.tsx'
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
  const { error } = list
  return (
    <>
      <PageHeading title="Jobs">
        <LiveStatus interruption={list.interruption} />
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
        <ExportButtons list={request} />
      </PageHeading>
      <StateTabs counts={list.counts} states={request.states} query={query} />
      <FilterForm fields={JOB_FIELDS} query={query} faults={request.faults} clearUrl={withoutFilters(query)} />
      {request.notes.length > 0 && <Notice sentences={request.notes} />}
      {error.value !== undefined && <ErrorNotice message={error.value} onRetry={() => void list.load()} />}
      <NewerJobs list={list} />
      <JobTable list={list} query={query} />
      <Pager list={list} request={request} query={query} />
    </>
  )
}

function NewerJobs({ list }: { readonly list: JobList }) {
  const count = list.newer.value
  if (count === 0) return null
  return (
    <button type="button" class="newer" onClick={() => void list.load()}>
      {count === maxNewer() ? `${count} or more` : count} new {count === 1 ? 'job' : 'jobs'}: show
    </button>
  )
}

function useListShortcuts(list: JobList): void {
  const select = (state: string | null) => changeParameters({ state })
  useShortcuts([
    { key: 'j', label: 'Next job of the list', run: () => moveFocus(1) },
    { key: 'k', label: 'Previous job of the list', run: () => moveFocus(-1) },
    { key: 'n', label: 'Next page', run: () => followLink('next') },
    { key: 'p', label: 'Previous page', run: () => followLink('prev') },
    { key: 'r', label: 'Show new jobs', run: () => void list.load() },
    { key: 'f', label: 'Go to the filters', run: focusFilters },
    { key: '0', label: 'Jobs in all states', run: () => select(null) },
    ...STATES.map((state, index) => ({
      key: String(index + 1),
      label: `Jobs in state ${state}`,
      run: () => select(state),
    })),
  ])
}

/** Moves the focus among the links of the rows; Enter then opens the job. */
function moveFocus(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('a.row-link')]
  const index = links.indexOf(document.activeElement as HTMLElement)
  const next = index === -1 ? links.at(step > 0 ? 0 : -1) : links[index + step]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

function followLink(rel: string): void {
  document.querySelector<HTMLElement>(`a[rel="${rel}"]`)?.click()
}
