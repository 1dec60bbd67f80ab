import type { ComponentChildren } from 'preact'
import { listUrl } from '../jobs/listAddress.ts'
import { jobUrl } from '../paths.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { now } from '../view/clock.ts'
import { roughDuration, SECOND } from '../view/instants.ts'
import { Relative, Time } from '../view/time.tsx'
import { Card, Table } from './card.tsx'
import type { State } from './operations.ts'

/** The API stops counting here. */
const MAX_COUNTED = 100_000
const MAX_PROCESSING = 10_000

export function Queue({ state: { oldestDueJob, processing } }: { readonly state: State }) {
  const { count, stuck, expiredLeases } = processing
  return (
    <Card title="Queue">
      <dl class="facts">
        <div>
          <dt>Oldest due job</dt>
          <dd>
            {oldestDueJob ? (
              <a href={jobUrl(oldestDueJob.jobId)}>has waited {roughDuration(oldestDueJob.waitSeconds * SECOND)}</a>
            ) : (
              <span class="muted">none</span>
            )}
          </dd>
        </div>
        <div>
          <dt>Processing</dt>
          <dd>
            <a href={listOf({ state: 'PROCESSING' })}>{countOf(count, MAX_PROCESSING)}</a>
          </dd>
        </div>
        <div>
          <dt>For over an hour</dt>
          <dd>
            <a href={listOf({ state: 'PROCESSING', startedBefore: '-1h' })}>{countOf(stuck, MAX_PROCESSING)}</a>
          </dd>
        </div>
        <div>
          <dt>Expired leases</dt>
          <dd>{countOf(expiredLeases, MAX_PROCESSING)}</dd>
        </div>
      </dl>
    </Card>
  )
}

export function Workers({ state: { processing } }: { readonly state: State }) {
  const { workers, moreWorkers } = processing
  return (
    <Card title="Workers with jobs">
      <Table
        columns={['Actor', 'Jobs', 'Next lease ends', 'Expired']}
        empty="No worker holds a job."
        rows={workers.map(({ actor, jobs, nextLeaseEnd, expiredLeases }) => [
          <ActorLink name={actor} />,
          <a href={listOf({ actor, state: 'PROCESSING' })}>{jobs}</a>,
          nextLeaseEnd === null ? 'no lease' : <Relative at={nextLeaseEnd} />,
          expiredLeases,
        ])}
      />
      {moreWorkers > 0 && (
        <p class="muted">
          {moreWorkers} more {moreWorkers === 1 ? 'worker is' : 'workers are'} not shown.
        </p>
      )}
    </Card>
  )
}

export function Consumers({ state: { consumers } }: { readonly state: State }) {
  return (
    <Card title="Consumers">
      <Table
        columns={['Name', 'Records behind', 'Behind', 'Last advanced']}
        empty="There is no consumer."
        rows={consumers.map(({ name, lagRecords, lagSeconds, updatedAt, failingSince, lastErrorAt, lastError }) => [
          <>
            {name}
            <LastError
              failure={failingSince !== null && <FailingSince at={failingSince} />}
              at={lastErrorAt}
              error={lastError}
            />
          </>,
          countOf(lagRecords, MAX_COUNTED),
          lagSeconds === 0 ? 'up to date' : roughDuration(lagSeconds * SECOND),
          <Relative at={updatedAt} />,
        ])}
      />
    </Card>
  )
}

export function Maintenance({ state: { maintenanceTasks } }: { readonly state: State }) {
  return (
    <Card title="Maintenance">
      <Table
        columns={['Task', 'Last run', 'Next run', 'Last change']}
        empty="No maintenance task has run yet."
        rows={maintenanceTasks.map((task) => [
          <>
            {task.name}
            <LastError failure={task.isFailing && 'The last run failed'} at={task.lastErrorAt} error={task.lastError} />
          </>,
          <Relative at={task.lastRunAt} />,
          <NextRun task={task} />,
          <LastChange task={task} />,
        ])}
      />
    </Card>
  )
}

function FailingSince({ at }: { readonly at: string }) {
  return (
    <>
      Failing since <Time at={at} />
    </>
  )
}

type Task = State['maintenanceTasks'][number]

function NextRun({ task: { nextRunAt, isFinished } }: { readonly task: Task }) {
  if (nextRunAt === null) return <span class="muted">not planned</span>
  return (
    <>
      {Date.parse(nextRunAt) > now.value ? <Relative at={nextRunAt} /> : 'now'}
      {!isFinished && ', continues'}
    </>
  )
}

function LastChange({ task: { lastChangeAt, lastChanges } }: { readonly task: Task }) {
  if (lastChangeAt === null) return <span class="muted">none</span>
  return (
    <>
      {lastChanges.map(({ outcome, jobs }) => `${jobs.toLocaleString('en')} ${wordsOf(outcome)}`).join(', ')},{' '}
      <Relative at={lastChangeAt} />
    </>
  )
}

/** `madeDue` reads "made due". */
function wordsOf(outcome: string): string {
  return outcome.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

interface LastErrorProps {
  /** That it fails now; false: it works. */
  readonly failure: ComponentChildren
  readonly at: string | null
  readonly error: string | null
}

/** The last error, if there was one. */
function LastError({ failure, at, error }: LastErrorProps) {
  if (at === null) return null
  return (
    <span class={failure ? 'last-error failed' : 'last-error'} title={error ?? ''}>
      {failure || (
        <>
          Last error <Relative at={at} />
        </>
      )}
      : {error}
    </span>
  )
}

/** Of the server that responded; another one may respond next. */
export function ThisReplica({ state: { replica } }: { readonly state: State }) {
  const { version, startedAt, connections } = replica
  return (
    <Card title="This replica">
      <dl class="facts">
        <div>
          <dt>Version</dt>
          <dd>{version}</dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>
            <Relative at={startedAt} />
          </dd>
        </div>
        <div>
          <dt>Connections</dt>
          <dd>
            {connections.inUse} of {connections.max} in use
          </dd>
        </div>
        <div>
          <dt>Statements</dt>
          <dd>{connections.waiting} waiting</dd>
        </div>
      </dl>
    </Card>
  )
}

function listOf(filter: Readonly<Record<string, string>>): string {
  return listUrl(new URLSearchParams(), filter)
}

function countOf(count: number, max: number): string {
  return count < max ? count.toLocaleString('en') : `${max.toLocaleString('en')} or more`
}
