// The table of what happened to each job of a bulk action.
import { useEffect, useMemo } from 'preact/hooks'
import { type BulkOutcome, BulkOutcomesDocument, type BulkOutcomesQuery } from '../api/documents.generated.ts'
import { shownContent } from '../api/jobContents.ts'
import { Polled } from '../api/polled.ts'
import { pageArguments, positionOf } from '../api/position.ts'
import { request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { bulkActionUrl, jobUrl, urlWith } from '../paths.ts'
import { address } from '../router.ts'
import { type Column, ListTable } from '../view/listTable.tsx'
import { LoadError, linksWithout } from '../view/loadError.tsx'
import { Pager } from '../view/pager.tsx'
import { withStateWords } from '../view/stateNames.ts'
import { uuidOf } from './bulkId.ts'
import { useContents } from './samples.tsx'

type Shown = Extract<NonNullable<BulkOutcomesQuery['node']>, { readonly outcomes: unknown }>
type Row = Shown['outcomes']['nodes'][number]

const LABELS: Readonly<Record<BulkOutcome, string>> = {
  DONE: 'Done',
  REFUSED: 'Refused',
  NOT_PROCESSED: 'Not processed',
}
const OUTCOMES = ['DONE', 'REFUSED', 'NOT_PROCESSED'] as const satisfies BulkOutcome[]

const MAX_ROWS = 50
/** Pause between two requests while the action runs. */
const PAUSE_MS = 2000

function pollOutcomes(id: string, query: URLSearchParams, outcome: BulkOutcome | undefined): Polled<Shown> {
  const variables = { id, outcome: outcome ?? null, ...pageArguments(positionOf(query), pageSize(MAX_ROWS)) }
  const read = async (signal: AbortSignal): Promise<Shown | undefined> => {
    const { node } = await request(BulkOutcomesDocument, variables, { signal })
    return (node ?? undefined) as Shown | undefined
  }
  return new Polled(read, { pauseMs: PAUSE_MS, isFinal: ({ state }) => state !== 'RUNNING' })
}

interface OutcomesProps {
  /** The global id of the action. The page and the filter are in the address. */
  readonly id: string
  /** Whether an error is shown already: a server that cannot be reached is one fault, not two. */
  readonly hasError: boolean
}

export function Outcomes({ id, hasError }: OutcomesProps) {
  const { query } = address.value
  const chosen = OUTCOMES.find((outcome) => outcome === query.get('outcome'))
  const polled = useMemo(() => pollOutcomes(id, query, chosen), [id, query, chosen])
  useEffect(() => {
    void polled.load()
    return () => polled.stop()
  }, [polled])
  const path = bulkActionUrl(uuidOf(id))
  const page = polled.state.value?.outcomes
  return (
    <section class="panel bulk-outcomes" aria-labelledby="outcomes-title">
      <h2 id="outcomes-title">Jobs</h2>
      <nav class="tabs" aria-label="Jobs by outcome">
        {[undefined, ...OUTCOMES].map((outcome) => (
          <a
            key={outcome ?? 'all'}
            class="tab"
            href={urlWith(path, query, { outcome })}
            aria-current={outcome === chosen ? 'page' : undefined}
          >
            {outcome === undefined ? 'All' : LABELS[outcome]}
          </a>
        ))}
      </nav>
      <LoadError
        message={hasError && !polled.isRefused.value ? undefined : polled.error.value}
        isRefused={polled.isRefused.value}
        onRetry={() => void polled.load()}
        links={linksWithout(undefined, path, query)}
      />
      {page?.nodes.length === 0 && <p class="muted">There are no such jobs.</p>}
      {page !== undefined && page.nodes.length > 0 && <OutcomeTable rows={page.nodes} />}
      <Pager page={page?.pageInfo} position={positionOf(query)} path={path} query={query} />
    </section>
  )
}

const COLUMNS: readonly Column[] = [{ label: 'Outcome', name: 'col-created' }, { label: 'Job' }]

function OutcomeTable({ rows }: { readonly rows: readonly Row[] }) {
  const contents = useContents([rows])
  return (
    <ListTable caption="Jobs of the bulk action, one per row" columns={COLUMNS}>
      {rows.map(({ jobId, outcome, reason }) => (
        <tr key={jobId}>
          <td>{LABELS[outcome]}</td>
          <td class="cell-job">
            <a class="row-link" href={jobUrl(jobId)}>
              <span class="content">{shownContent(jobId, contents.get(jobId))}</span>
            </a>
            {reason !== null && <span class="bulk-reason">{withStateWords(reason)}</span>}
          </td>
        </tr>
      ))}
    </ListTable>
  )
}
