import { shownContent } from '../api/jobContents.ts'
import { jobUrl } from '../paths.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { StateBadge } from '../view/states.tsx'
import { Time } from '../view/time.tsx'
import type { RecordList, RecordRow } from './recordList.ts'

/** Records, one per row. Without rows it is empty. */
export function RecordTable({ list }: { readonly list: RecordList }) {
  const rows = list.page.value?.nodes
  // The notice says why there are no rows.
  if (rows === undefined && list.loads.error.value !== undefined) return null
  const contents = list.contents.value
  return (
    <table class="jobs record-rows" aria-busy={list.loads.isLoading.value}>
      <caption class="visually-hidden">Records, one per row</caption>
      <thead>
        <tr>
          <th scope="col" class="col-time wide">
            Time
          </th>
          <th scope="col" class="col-transition">
            Transition
          </th>
          <th scope="col">Job</th>
          <th scope="col" class="col-actor wide">
            Actor
          </th>
          <th scope="col" class="col-reason wide">
            Reason or error
          </th>
        </tr>
      </thead>
      <tbody>
        {(rows ?? []).map((row) => (
          <Row key={row.id} row={row} content={contents.get(row.job.jobId)} />
        ))}
      </tbody>
    </table>
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
