import { listUrl } from '../jobs/listAddress.ts'
import { Fact } from '../view/fact.tsx'
import { Relative, Time } from '../view/time.tsx'
import { attemptText } from './attemptText.ts'
import type { Job } from './job.ts'

export function JobFacts({ job }: { readonly job: Job }) {
  const { userId, preset, priority, attempt, maxAttempts, remainingAttempts, version } = job
  return (
    <section class="panel" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl class="facts">
        <Fact name="User">
          <a href={listOf({ userId })}>{userId}</a>
        </Fact>
        <Fact name="Preset">
          {preset === null ? <span class="muted">none</span> : <a href={listOf({ presets: preset })}>{preset}</a>}
        </Fact>
        <Fact name="Attempt">
          {attemptText(job)}
          {!job.isTerminal && `, ${remainingAttempts || 'none'} left`}
          {attempt + remainingAttempts > maxAttempts && (
            <p class="muted">Releases and retries by hand add attempts to the maximum.</p>
          )}
        </Fact>
        <Fact name="Priority">{priority}</Fact>
        <Instant name="Created" at={job.createdAt} />
        <Instant name="Due" at={job.runAt} isRelative={job.state === 'PENDING'} />
        <Instant name="Started" at={job.startedAt} />
        <Instant name="Ended" at={job.completedAt} />
        <Instant name="Changed" at={job.updatedAt} />
        <Instant name="Lease ends" at={job.leaseExpiresAt} isRelative />
        <Instant name="Cancellation requested" at={job.cancelRequestedAt} />
        <Instant name="Deleted" at={job.deletedAt} />
        <Fact name="Version">{version}</Fact>
      </dl>
    </section>
  )
}

function listOf(filter: Readonly<Record<string, string>>): string {
  return listUrl(new URLSearchParams(), filter)
}

interface InstantProps {
  readonly name: string
  readonly at: string | null
  readonly isRelative?: boolean
}

function Instant({ name, at, isRelative }: InstantProps) {
  if (at === null) return null
  return (
    <Fact name={name}>
      <Time at={at} />
      {isRelative && (
        <span class="muted">
          {' '}
          (<Relative at={at} />)
        </span>
      )}
    </Fact>
  )
}
