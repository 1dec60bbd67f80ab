import { useEffect, useMemo } from 'preact/hooks'
import { JobRefusalsDocument, type JobRefusalsQuery, type RefusalKind } from '../api/documents.generated.ts'
import { Polled } from '../api/polled.ts'
import { request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { preciseInstant } from '../view/instants.ts'
import { LoadError } from '../view/loadError.tsx'
import { StateBadge } from '../view/states.tsx'

type Refusals = NonNullable<JobRefusalsQuery['job']>['refusals']
type Refusal = Refusals['nodes'][number]

const FIRST_SHOWN = 10
const MAX_SHOWN = 100

const LABELS: Readonly<Record<RefusalKind, string>> = {
  ILLEGAL_TRANSITION: 'Illegal transition',
  VERSION_CONFLICT: 'Version conflict',
  LATE_COMPLETION: 'Too late',
  FORBIDDEN: 'Forbidden',
}

/** The latest refused attempts to change a job. */
class RefusalList {
  readonly polled: Polled<Refusals>
  private shown = FIRST_SHOWN

  constructor(id: string) {
    this.polled = new Polled(async (signal) => {
      const { job } = await request(JobRefusalsDocument, { id, first: pageSize(this.shown) }, { signal })
      return job?.refusals
    })
  }

  load(): void {
    void this.polled.load()
  }

  showMore(): void {
    this.shown = MAX_SHOWN
    this.load()
  }
}

/** For viewers who may read them: the API refuses others. */
export function RefusedAttempts({ id }: { readonly id: string }) {
  const list = useMemo(() => new RefusalList(id), [id])
  useEffect(() => {
    list.load()
    return () => list.polled.stop()
  }, [list])
  const { state, error, isRefused } = list.polled
  return (
    <section class="panel" aria-labelledby="refusals-title">
      <h2 id="refusals-title">Refused attempts</h2>
      {state.value === undefined ? (
        // Of later errors the page shows that it is not live.
        <LoadError message={error.value} isRefused={isRefused.value} onRetry={() => list.load()} links={[]} />
      ) : (
        <Shown refusals={state.value} onMore={() => list.showMore()} />
      )}
    </section>
  )
}

function Shown({ refusals: { nodes, totalCount }, onMore }: { readonly refusals: Refusals; onMore(): void }) {
  if (totalCount === 0) return <p class="muted">No refused attempts are stored.</p>
  return (
    <>
      <ol class="refusals">
        {nodes.map((refusal) => (
          <RefusalItem key={`${refusal.timestamp} ${refusal.actor} ${refusal.message}`} refusal={refusal} />
        ))}
      </ol>
      {nodes.length < totalCount && (
        <p class="muted">
          The latest {nodes.length} of {totalCount}
        </p>
      )}
      {nodes.length < Math.min(totalCount, pageSize(MAX_SHOWN)) && (
        <button type="button" class="button" onClick={onMore}>
          Show more refused attempts
        </button>
      )}
    </>
  )
}

/** Only an extension of a lease and a result keep the state. */
function Attempted({ state }: { readonly state: Refusal['attempted'] }) {
  return (
    <span class="muted">
      {state === null ? (
        'lease or result'
      ) : (
        <>
          to <StateBadge state={state} />
        </>
      )}
    </span>
  )
}

function RefusalItem({ refusal }: { readonly refusal: Refusal }) {
  const { kind, actor, timestamp, times, attempted, message } = refusal
  return (
    <li>
      <div class="refusal-line">
        <span class="refusal-kind">{LABELS[kind]}</span>
        <Attempted state={attempted} />
        <ActorLink name={actor} />
        <time class="muted" dateTime={timestamp} title={`${timestamp} in UTC`}>
          {preciseInstant(timestamp)}
        </time>
        <span class="lasted">{times > 1 && `${times} times`}</span>
      </div>
      <p class="refusal-message">{message}</p>
    </li>
  )
}
