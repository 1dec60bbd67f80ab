// The page /ui/actors/NAME: what an actor did, and what it works on.

import { useEffect, useMemo } from 'preact/hooks'
import { countsOf } from '../jobs/jobList.ts'
import { listUrl } from '../jobs/listAddress.ts'
import { StateTabs } from '../jobs/stateTabs.tsx'
import { jobUrl, RECORDS_URL, urlWith } from '../paths.ts'
import { maxNewer, RecordList } from '../records/recordList.ts'
import { RecordTable } from '../records/recordTable.tsx'
import type { PageProps } from '../shell/lazyPage.tsx'
import { PageHeading } from '../shell/pageHeading.tsx'
import { EventStatus } from '../view/eventStatus.tsx'
import { LoadError } from '../view/loadError.tsx'
import { NewerButton } from '../view/newerButton.tsx'
import { Relative } from '../view/time.tsx'
import { type ActorJobs, pollActorJobs } from './actorJobs.ts'
import '../styles/records.css'

export function ActorPage({ item: actor = '' }: PageProps) {
  const { jobs, list } = useMemo(() => {
    const position = { after: undefined, before: undefined }
    return { jobs: pollActorJobs(actor), list: new RecordList({ filter: { actor }, ...position }) }
  }, [actor])
  useEffect(() => {
    void jobs.load()
    return () => {
      jobs.stop()
      list.stop()
    }
  }, [jobs, list])
  const error = jobs.error.value ?? list.loads.error.value
  const isRefused = jobs.isRefused.value || list.loads.isRefused.value
  const reload = (): void => {
    void jobs.load()
    void list.loads.load()
  }
  return (
    <>
      <PageHeading title={actor}>{!isRefused && <EventStatus interruption={list.live.interruption} />}</PageHeading>
      <LoadError message={error} isRefused={isRefused} onRetry={reload} links={LINKS} />
      {!isRefused && (
        <div class="actor-sections">
          <Changed actor={actor} jobs={jobs.state.value} />
          <Held actor={actor} jobs={jobs.state.value} />
          <Latest actor={actor} list={list} />
        </div>
      )}
    </>
  )
}

const LINKS = [{ label: 'Go to Activity', href: RECORDS_URL }]

interface SectionProps {
  readonly actor: string
  readonly jobs: ActorJobs | undefined
}

function Changed({ actor, jobs }: SectionProps) {
  return (
    <section aria-labelledby="changed-title">
      <h2 id="changed-title">Jobs that it was the last to change</h2>
      <p class="muted">
        Jobs count in the state that they are in now. Jobs that someone else changed later do not count.
      </p>
      <StateTabs counts={jobs && countsOf(jobs.jobCountsByState)} query={queryOf(actor)} />
    </section>
  )
}

function Held({ actor, jobs }: SectionProps) {
  const held = jobs?.jobs
  return (
    <section class="panel" aria-labelledby="held-title">
      <h2 id="held-title">Jobs that it holds now</h2>
      {held === undefined && <p class="muted">Loading…</p>}
      {held?.nodes.length === 0 && <p class="muted">It holds no job.</p>}
      {held !== undefined && held.nodes.length > 0 && (
        <ul class="held">
          {held.nodes.map(({ jobId, startedAt, leaseExpiresAt }) => (
            <li key={jobId}>
              <a href={jobUrl(jobId)}>{jobId}</a>
              {startedAt && (
                <span class="muted">
                  started <Relative at={startedAt} />
                </span>
              )}
              <span class="muted">
                {leaseExpiresAt === null ? (
                  'without a lease'
                ) : (
                  <>
                    lease ends <Relative at={leaseExpiresAt} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {held?.pageInfo.hasNextPage && (
        <a href={listUrl(queryOf(actor), { state: 'PROCESSING' })}>All jobs that it holds</a>
      )}
    </section>
  )
}

function Latest({ actor, list }: { readonly actor: string; readonly list: RecordList }) {
  const page = list.page.value
  return (
    <section aria-labelledby="latest-title">
      <h2 id="latest-title">Latest records</h2>
      <NewerButton count={list.newer.value} max={maxNewer()} noun="record" onShow={() => void list.loads.load()} />
      {page?.nodes.length === 0 ? (
        <p class="muted">It has no records that you may see.</p>
      ) : (
        <RecordTable list={list} />
      )}
      {page?.pageInfo.hasNextPage && (
        <p class="pager">
          <a href={urlWith(RECORDS_URL, queryOf(actor), {})}>All records</a>
        </p>
      )}
    </section>
  )
}

function queryOf(actor: string): URLSearchParams {
  return new URLSearchParams({ actor })
}
