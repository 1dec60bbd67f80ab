import { useEffect, useRef } from 'preact/hooks'
import type { JobState } from '../api/documents.generated.ts'
import { STATE_LABELS, STATES } from '../view/stateNames.ts'
import type { Counts } from './jobList.ts'
import { listUrl } from './listAddress.ts'

interface StateTabsProps {
  readonly counts: Counts | undefined
  /** Those that the page shows; undefined on another page. */
  readonly states?: readonly JobState[]
  readonly query: URLSearchParams
}

const COUNT = new Intl.NumberFormat('en')

/** The states with the exact number of jobs that match the filter in each. */
export function StateTabs({ counts, states, query }: StateTabsProps) {
  const all = counts && STATES.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0)
  const tabs = useRef<HTMLElement>(null)
  // On a narrow screen not all tabs fit.
  useEffect(() => {
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [query])
  return (
    <nav ref={tabs} class="tabs" aria-label="States">
      <Tab href={listUrl(query, { state: null })} label="All" count={all} isCurrent={states?.length === 0} />
      {STATES.map((state) => (
        <Tab
          key={state}
          href={listUrl(query, { state })}
          label={STATE_LABELS[state]}
          count={counts?.[state]}
          isCurrent={states?.includes(state) ?? false}
          state={state}
        />
      ))}
    </nav>
  )
}

interface TabProps {
  readonly href: string
  readonly label: string
  readonly count: number | undefined
  readonly isCurrent: boolean
  readonly state?: JobState
}

function Tab({ href, label, count, isCurrent, state }: TabProps) {
  return (
    <a class="tab" href={href} aria-current={isCurrent ? 'page' : undefined}>
      {state && <span class={`dot state-${state.toLowerCase()}`} aria-hidden="true" />}
      <span>{label}</span>
      <span class="count">{count === undefined ? '…' : COUNT.format(count)}</span>
    </a>
  )
}
