// The page /ui/bulk/ID.
import { useEffect, useMemo } from 'preact/hooks'
import { BULK_URL } from '../paths.ts'
import type { PageProps } from '../shell/lazyPage.tsx'
import { PageHeading } from '../shell/pageHeading.tsx'
import { viewer } from '../shell/viewer.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { Fact } from '../view/fact.tsx'
import { elapsedMs, roughDuration } from '../view/instants.ts'
import { ErrorNotice } from '../view/notice.tsx'
import { Time } from '../view/time.tsx'
import { AbortButton } from './abortButton.tsx'
import { type BulkAction, pollBulkAction } from './bulkAction.ts'
import { filterUrl } from './filterWords.ts'
import { FilterWords } from './filterWordsList.tsx'
import { bulkScope } from './kinds.ts'
import { Outcomes } from './outcomes.tsx'
import { BulkStateBadge, leftOf, ProgressBar, titleOf } from './progress.tsx'
import { Refusals, useContents } from './samples.tsx'

export function BulkActionPage({ item = '' }: PageProps) {
  const polled = useMemo(() => pollBulkAction(item), [item])
  useEffect(() => {
    void polled.load()
    return () => polled.stop()
  }, [polled])
  const action = polled.state.value?.action
  const error = polled.error.value
  const reload = (): void => void polled.load()
  const mayAbort = viewer.value !== undefined && bulkScope(viewer.value) !== 'none'
  return (
    <>
      <nav class="breadcrumb" aria-label="Breadcrumb">
        <a href={BULK_URL}>Bulk actions</a> <span aria-hidden="true">/</span> <span class="id">{item}</span>
      </nav>
      <PageHeading title={titleShown(action)}>
        {action?.state === 'RUNNING' && mayAbort && <AbortButton action={action} onDone={reload} />}
      </PageHeading>
      {error !== undefined && <ErrorNotice message={error} onRetry={reload} />}
      {action === null && (
        <div class="empty">
          <p class="empty-title">No bulk action with this id exists, or you may not see it.</p>
        </div>
      )}
      {action && <Details action={action} hasError={error !== undefined} />}
    </>
  )
}

function titleShown(action: BulkAction | null | undefined): string {
  if (action === null) return 'Bulk action not found'
  return action === undefined ? 'Bulk action' : titleOf(action)
}

interface DetailsProps {
  readonly action: BulkAction
  readonly hasError: boolean
}

function Details({ action, hasError }: DetailsProps) {
  const { id, state, actor, reason, createdAt, finishedAt, error, filter, refusals } = action
  const contents = useContents(refusals.map(({ sample }) => sample))
  const url = filterUrl(filter)
  return (
    <div class="bulk-panels">
      <section class="panel" aria-labelledby="progress-title">
        <h2 id="progress-title">Progress</h2>
        <Progress action={action} />
        {error !== null && <p class="error-text">{error}</p>}
        <dl class="facts">
          <Fact name="Started by">
            <ActorLink name={actor} />
          </Fact>
          <Fact name="Reason">{reason}</Fact>
          <Fact name="Started">
            <Time at={createdAt} />
          </Fact>
          {finishedAt && (
            <Fact name="Ended">
              <Time at={finishedAt} />{' '}
              <span class="muted">after {roughDuration(elapsedMs(createdAt, finishedAt))}</span>
            </Fact>
          )}
        </dl>
      </section>
      <section class="panel" aria-labelledby="filter-title">
        <h2 id="filter-title">Jobs that matched when it started</h2>
        <FilterWords filter={filter} />
        {url && <a href={url}>List the jobs that match now</a>}
      </section>
      <section class="panel" aria-labelledby="refusals-title">
        <h2 id="refusals-title">Refused jobs</h2>
        {refusals.length === 0 && (
          <p class="muted">{state === 'RUNNING' ? 'No job was refused so far.' : 'No job was refused.'}</p>
        )}
        {refusals.length > 0 && <p class="muted">The lists show the state that each job has now.</p>}
        <Refusals refusals={refusals} contents={contents} />
      </section>
      <Outcomes id={id} hasError={hasError} />
    </div>
  )
}

function Progress({ action }: { readonly action: BulkAction }) {
  return (
    <>
      <div class="bulk-line">
        <BulkStateBadge state={action.state} />
        <ProgressBar action={action} />
      </div>
      <dl class="bulk-numbers">
        {[
          { name: 'Done', count: action.done },
          { name: 'Refused', count: action.refused },
          { name: action.state === 'RUNNING' ? 'Left' : 'Not processed', count: leftOf(action) },
        ].map(({ name, count }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count.toLocaleString('en')}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
