import { shownContent } from '../api/jobContents.ts'
import { jobUrl } from '../paths.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { type Column, ListTable } from '../view/listTable.tsx'
import { StateBadge } from '../view/states.tsx'
import { Time } from '../view/time.tsx'
import type { RecordList, RecordRow } from './recordList.ts'

const COLUMNS: readonly Column[] = [
  { label: 'Time', name: 'col-time wide' },
  { label: 'Transition', name: 'col-transition' },
  { label: 'Job' },
  { label: 'Actor', name: 'col-actor wide' },
  { label: 'Reason or error', name: 'col-reason wide' },
]

/** Records, one per row. Without rows it is empty. */
export function RecordTable({ list }: { readonly list: RecordList }) {
  const rows = list.page.value?.nodes
  // The notice says why there are no rows.
  if (rows === undefined && list.loads.error.value !== undefined) return null
  const contents = list.contents.value
  return (
    <ListTable caption="Records, one per row" columns={COLUMNS} name="record-rows" isBusy={list.loads.isLoading.value}>
      {(rows ?? []).map((row) => (
        <Row key={row.id} row={row} content={contents.get(row.job.jobId)} />
      ))}
    </ListTable>
  )
}

function Row({ row, content }: { readonly row: RecordRow; readonly content: string | undefined }) {
  const { previousState, newState, timestamp, actor, job } = row
  return (
    <tr>
      <td class="wide">
        <Time at={timestamp} />
      </td>
      <td class="cell-transition">
        {previousState && (
          <span class="from">
            <StateBadge state={previousState} />
            <span class="muted">to</span>
          </span>
        )}
        <StateBadge state={newState} />
      </td>
      <td class="cell-job">
        <a class="row-link" href={jobUrl(job.jobId)}>
          <span class="content">{shownContent(job.jobId, content)}</span>
          <span class="id">{job.jobId}</span>
        </a>
        <span class="narrow second-line">
          <Time at={timestamp} /> · <ActorLink name={actor} />
        </span>
        <Cause row={row} isNarrow />
      </td>
      <td class="wide cell-actor">
        <ActorLink name={actor} />
      </td>
      <td class="wide">
        <Cause row={row} />
      </td>
    </tr>
  )
}

/** Why the transition was made: its reason, and the error of the attempt. */
function Cause({ row: { reason, error }, isNarrow = false }: { readonly row: RecordRow; readonly isNarrow?: boolean }) {
  const name = isNarrow ? 'narrow second-line' : 'cause'
  return (
    <>
      {error && (
        <span class={`${name} failed`} title={error}>
          {error}
        </span>
      )}
      {reason && (
        <span class={name} title={reason}>
          {reason}
        </span>
      )}
    </>
  )
}
