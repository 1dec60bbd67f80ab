// The page /ui/bulk.
import { useEffect, useMemo } from 'preact/hooks'
import { positionOf } from '../api/position.ts'
import { BULK_URL, bulkActionUrl } from '../paths.ts'
import { address } from '../router.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { ActorLink } from '../view/actorLink.tsx'
import { useShortcuts } from '../view/keys.ts'
import { listKeys } from '../view/listKeys.ts'
import { type Column, ListTable } from '../view/listTable.tsx'
import { NewerButton } from '../view/newerButton.tsx'
import { ErrorNotice } from '../view/notice.tsx'
import { Pager } from '../view/pager.tsx'
import { Time } from '../view/time.tsx'
import { uuidOf } from './bulkId.ts'
import { BulkList, type BulkRow, maxRows } from './bulkList.ts'
import { BulkStateBadge, ProgressBar, progressText, titleOf } from './progress.tsx'

export function BulkPage() {
  const { query } = address.value
  const { list, position } = useMemo(() => {
    const position = positionOf(query)
    return { list: new BulkList(position), position }
  }, [query])
  useEffect(() => {
    void list.load()
    return () => list.polled.stop()
  }, [list])
  const show = (): void => void list.load()
  useShortcuts(listKeys('bulk action', show))
  const page = list.polled.state.value
  const error = list.polled.error.value
  return (
    <>
      <PageHeading title="Bulk actions" />
      {error !== undefined && <ErrorNotice message={error} onRetry={show} />}
      <NewerButton count={list.newer.value} max={maxRows()} noun="bulk action" onShow={show} />
      {page?.nodes.length === 0 && (
        <div class="empty">
          <p class="empty-title">There are no bulk actions yet.</p>
          <p>Start one from the list of jobs: it acts on all jobs that match the filters.</p>
        </div>
      )}
      {page !== undefined && page.nodes.length > 0 && <BulkTable rows={page.nodes} />}
      <Pager page={page?.pageInfo} position={position} path={BULK_URL} query={query} />
    </>
  )
}

const COLUMNS: readonly Column[] = [
  { label: 'State', name: 'col-state' },
  { label: 'Action' },
  { label: 'Progress', name: 'col-progress wide' },
  { label: 'Actor', name: 'col-actor wide' },
  { label: 'Started', name: 'col-created wide' },
]

function BulkTable({ rows }: { readonly rows: readonly BulkRow[] }) {
  return (
    <ListTable caption="Bulk actions, one per row" columns={COLUMNS}>
      {rows.map((row) => (
        <Row key={row.id} row={row} />
      ))}
    </ListTable>
  )
}

function Row({ row }: { readonly row: BulkRow }) {
  const { id, state, actor, reason, createdAt } = row
  return (
    <tr>
      <td class="col-state">
        <BulkStateBadge state={state} />
      </td>
      <td class="cell-job">
        <a class="row-link" href={bulkActionUrl(uuidOf(id))}>
          <span class="content">{titleOf(row)}</span>
        </a>
        <span class="bulk-reason" title={reason}>
          {reason}
        </span>
        <span class="narrow second-line">{progressText(row)}</span>
        <span class="narrow second-line">
          <ActorLink name={actor} /> · <Time at={createdAt} />
        </span>
      </td>
      <td class="wide">
        <ProgressBar action={row} />
        <span class="bulk-reason">{progressText(row)}</span>
      </td>
      <td class="wide cell-actor">
        <ActorLink name={actor} />
      </td>
      <td class="wide">
        <Time at={createdAt} />
      </td>
    </tr>
  )
}
