import { shownContent } from '../api/jobContents.ts'
import { attemptText } from '../job/attemptText.ts'
import { jobUrl, LIST_URL } from '../paths.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { now } from '../view/clock.ts'
import { elapsedMs, roughDuration } from '../view/instants.ts'
import { type Column, ListTable } from '../view/listTable.tsx'
import { StateBadge } from '../view/states.tsx'
import { Time } from '../view/time.tsx'
import type { JobList, Row } from './jobList.ts'
import { withoutFilters } from './listAddress.ts'

interface JobTableProps {
  readonly list: JobList
  readonly query: URLSearchParams
}

const COLUMNS: readonly Column[] = [
  { label: 'State', name: 'col-state' },
  { label: 'Job' },
  { label: 'User', name: 'col-user wide' },
  { label: 'Preset', name: 'col-preset wide' },
  { label: 'Created', name: 'col-created wide' },
  { label: 'Duration', name: 'col-duration not-tiny' },
  { label: 'Attempt', name: 'col-attempt wide' },
  { label: 'Last change', name: 'col-change wide' },
]

export function JobTable({ list, query }: JobTableProps) {
  const rows = list.rows.value
  if (rows?.length === 0) return <NoJobs query={query} />
  // The notice says why there are no rows.
  if (rows === undefined && list.loads.error.value !== undefined) return null
  const contents = list.contents.value
  return (
    <ListTable caption="Jobs, one per row" columns={COLUMNS} isBusy={list.loads.isLoading.value}>
      {(rows ?? []).map((row) => (
        <JobTableRow key={row.jobId} row={row} content={contents.get(row.jobId)} />
      ))}
    </ListTable>
  )
}

function JobTableRow({ row, content }: { readonly row: Row; readonly content: string | undefined }) {
  const { jobId, userId, preset, state, createdAt, stateActor, updatedAt, deletedAt } = row
  const reason = reasonOf(row)
  return (
    <tr>
      <td class="col-state">
        <StateBadge state={state} />
        {row.stuckReason && <span class="flag flag-stuck">stuck</span>}
        {deletedAt && <span class="flag">deleted</span>}
      </td>
      <td class="cell-job">
        <a class="row-link" href={jobUrl(jobId)}>
          <span class="content">{shownContent(jobId, content)}</span>
          <span class="id">{jobId}</span>
        </a>
        <span class="narrow second-line">
          {userId} · {preset ?? 'no preset'} · <Time at={createdAt} />
        </span>
        {reason && (
          <span class={state === 'FAILED' ? 'narrow second-line failed' : 'narrow second-line'}>{reason}</span>
        )}
      </td>
      <td class="wide">{userId}</td>
      <td class="wide">{preset ?? <span class="muted">–</span>}</td>
      <td class="wide">
        <Time at={createdAt} />
      </td>
      <td class="not-tiny">
        <Duration row={row} />
      </td>
      <td class="wide">{attemptText(row, 'max.')}</td>
      <td class="wide cell-change">
        <Time at={updatedAt} /> <ActorLink name={stateActor} />
        {reason && (
          <span class={state === 'FAILED' ? 'reason failed' : 'reason'} title={reason}>
            {reason}
          </span>
        )}
      </td>
    </tr>
  )
}

/**
 * Why the job is in its state: the error of a failed job, otherwise the reason of the last change.
 */
function reasonOf({ state, result, stateReason }: Row): string | null {
  return (state === 'FAILED' && result?.errorMessage) || stateReason
}

/**
 * The time it has waited or worked, the time until it is due, or the duration of its last attempt.
 */
function Duration({ row: { state, runAt, startedAt, completedAt, updatedAt } }: { readonly row: Row }) {
  if (state === 'PENDING') {
    if (elapsedMs(runAt, now.value) < 0) return <>in {roughDuration(-elapsedMs(runAt, now.value))}</>
    return <>{roughDuration(elapsedMs(updatedAt, now.value))}</>
  }
  if (startedAt === null) return <span class="muted">–</span>
  return <>{roughDuration(elapsedMs(startedAt, completedAt ?? now.value))}</>
}

function NoJobs({ query }: { readonly query: URLSearchParams }) {
  const isFiltered = query.size > 0
  return (
    <div class="empty">
      <p class="empty-title">{isFiltered ? 'No job matches.' : 'There are no jobs yet.'}</p>
      {isFiltered ? (
        <p>
          <a href={withoutFilters(query) ?? LIST_URL}>Clear filters</a>
        </p>
      ) : (
        <p>
          Jobs appear here as programs create them. <code>npm run seed</code> adds sample jobs.
        </p>
      )}
    </div>
  )
}
