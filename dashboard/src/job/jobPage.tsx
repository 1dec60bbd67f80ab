// The page /ui/jobs/ID.

import { useEffect, useMemo } from 'preact/hooks'
import { LIST_URL } from '../paths.ts'
import { PageHeading } from '../shell/pageHeading.tsx'
import { mayReadRefusals } from '../shell/viewer.ts'
import { Block, CopyButton, Json } from '../view/block.tsx'
import { now } from '../view/clock.ts'
import { EventStatus } from '../view/eventStatus.tsx'
import { LoadError } from '../view/loadError.tsx'
import { StateBadge } from '../view/states.tsx'
import { ActionButtons } from './actionButtons.tsx'
import { Attempts } from './attempts.tsx'
import type { Job } from './job.ts'
import { JobFacts } from './jobFacts.tsx'
import { JobView } from './jobView.ts'
import { Records } from './records.tsx'
import { RefusedAttempts } from './refusedAttempts.tsx'
import { Result } from './result.tsx'
import { standingOf } from './standing.ts'
import { Timeline } from './timeline.tsx'

export function JobPage({ jobId }: { readonly jobId: string }) {
  const view = useMemo(() => new JobView(jobId), [jobId])
  useEffect(() => () => view.stop(), [view])
  const job = view.job.value
  return (
    <>
      <nav class="breadcrumb" aria-label="Breadcrumb">
        <a href={LIST_URL}>Jobs</a> <span aria-hidden="true">/</span> <span class="id">{job?.jobId ?? jobId}</span>{' '}
        <CopyButton label="id of the job" text={job?.jobId ?? jobId} />
      </nav>
      {job === undefined && view.error.value !== undefined && <PageHeading title="Job" />}
      <LoadError
        message={view.error.value}
        isRefused={view.isRefused.value}
        onRetry={() => view.refresh()}
        links={LINKS}
      />
      {job === null && <NoJob />}
      {job && <JobDetails job={job} view={view} />}
    </>
  )
}

const LINKS = [{ label: 'Go to the jobs', href: LIST_URL }]

function JobDetails({ job, view }: { readonly job: Job; readonly view: JobView }) {
  const history = view.history.value
  return (
    <>
      <PageHeading title={titleOf(job)}>
        <EventStatus interruption={view.interruption} />
        <ActionButtons job={job} onDone={() => view.refresh()} />
      </PageHeading>
      <StandingPanel job={job} />
      <div class="job-columns">
        <div class="job-main">
          <section class="panel" aria-labelledby="history-title">
            <h2 id="history-title">History</h2>
            <Timeline history={history} />
            <Records history={history} />
          </section>
          <Attempts history={history} job={job} />
          <section class="panel" aria-labelledby="content-title">
            <h2 id="content-title">Content</h2>
            <Block label="Content" text={job.content} />
          </section>
          <Result job={job} view={view} />
          {mayReadRefusals() && <RefusedAttempts id={job.id} />}
        </div>
        <aside class="job-side" aria-label="Facts">
          <JobFacts job={job} />
          <section class="panel" aria-labelledby="metadata-title">
            <h2 id="metadata-title">Metadata</h2>
            <Json label="Metadata" value={job.metadata} />
          </section>
        </aside>
      </div>
    </>
  )
}

const MAX_TITLE_CHARACTERS = 120

function titleOf({ content, jobId }: Job): string {
  const [line = ''] = content.trim().split('\n', 1)
  if (line === '') return `Job ${jobId}`
  return line.length > MAX_TITLE_CHARACTERS ? `${line.slice(0, MAX_TITLE_CHARACTERS)}…` : line
}

function StandingPanel({ job }: { readonly job: Job }) {
  const error = job.state === 'FAILED' ? job.result?.errorMessage : undefined
  return (
    <div class={`standing state-${job.state.toLowerCase()}`}>
      <StateBadge state={job.state} />
      <div>
        <p>{standingOf(job, now.value)}</p>
        {job.stateReason && <p class="muted">Reason: {job.stateReason}</p>}
        {error && <p class="error-text">{error}</p>}
      </div>
    </div>
  )
}

function NoJob() {
  return (
    <>
      <PageHeading title="Job not found" />
      <div class="empty">
        <p class="empty-title">No job with this id exists, or you may not see it.</p>
        <p>
          <a href={LIST_URL}>Go to the jobs</a>
        </p>
      </div>
    </>
  )
}
