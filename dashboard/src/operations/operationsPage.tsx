// The page /ui/operations.
import { useEffect, useMemo } from 'preact/hooks'
import { PageHeading } from '../shell/pageHeading.tsx'
import { loadViewer, mayReadOperations, viewer, viewerError } from '../shell/viewer.ts'
import { ErrorNotice, Notice } from '../view/notice.tsx'
import { Time } from '../view/time.tsx'
import { attentionOf } from './attention.ts'
import { pollOperations } from './operations.ts'
import { Consumers, Maintenance, Queue, ThisReplica, Workers } from './tables.tsx'
import '../styles/operations.css'

export function OperationsPage() {
  const isKnown = viewer.value !== undefined
  const isAllowed = mayReadOperations()
  return (
    <>
      {isKnown && !isAllowed && (
        <>
          <PageHeading title="Operations" />
          <div class="empty">
            <p class="empty-title">Only the roles AUDITOR and ADMIN may see operations.</p>
          </div>
        </>
      )}
      {viewerError.value !== undefined && <ErrorNotice message={viewerError.value} onRetry={() => void loadViewer()} />}
      {isAllowed && <Content />}
    </>
  )
}

function Content() {
  const operations = useMemo(pollOperations, [])
  useEffect(() => {
    void operations.load()
    return () => operations.stop()
  }, [operations])
  const state = operations.state.value
  const error = operations.error.value
  const sentences = state === undefined ? [] : attentionOf(state)
  return (
    <>
      <PageHeading title="Operations">
        {state && (
          <span class="muted">
            As of <Time at={state.at} />
          </span>
        )}
      </PageHeading>
      {error !== undefined && <ErrorNotice message={error} onRetry={() => void operations.load()} />}
      {sentences.length > 0 && <Notice sentences={sentences} />}
      {state === undefined && error === undefined && <p class="muted">Loading…</p>}
      {state && (
        <div class="operations">
          <Queue state={state} />
          <Consumers state={state} />
          <Workers state={state} />
          <Maintenance state={state} />
          <ThisReplica state={state} />
        </div>
      )}
    </>
  )
}
