import { ActorLink } from '../view/actorLink.tsx'
import { now } from '../view/clock.ts'
import { elapsedMs, exactDuration, roughDuration } from '../view/instants.ts'
import { StateBadge } from '../view/states.tsx'
import { Relative, Time } from '../view/time.tsx'
import { type Attempt, attemptsOf } from './history.ts'
import type { HistoryRecord, Job } from './job.ts'

interface AttemptsProps {
  readonly history: readonly HistoryRecord[]
  readonly job: Job
}

/** Who worked on the job, when, and how it ended; the lease of the current attempt. */
export function Attempts({ history, job }: AttemptsProps) {
  const attempts = attemptsOf(history)
  if (attempts.length === 0) return null
  return (
    <section class="panel" aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0}>
        <table class="attempts">
          <caption class="visually-hidden">Attempts, one per row</caption>
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">Worker</th>
              <th scope="col">Started</th>
              <th scope="col">Worked for</th>
              <th scope="col">Ended as</th>
              <th scope="col">Reason or error</th>
            </tr>
          </thead>
          <tbody>
            {attempts.map((attempt) => (
              <AttemptRow key={attempt.number} attempt={attempt} leaseExpiresAt={job.leaseExpiresAt} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

interface AttemptRowProps {
  readonly attempt: Attempt
  readonly leaseExpiresAt: string | null
}

function AttemptRow({ attempt: { number, worker, startedAt, end }, leaseExpiresAt }: AttemptRowProps) {
  return (
    <tr>
      <td>{number}</td>
      <td>
        <ActorLink name={worker} />
      </td>
      <td>
        <Time at={startedAt} />
      </td>
      <td>
        {end ? exactDuration(elapsedMs(startedAt, end.timestamp)) : roughDuration(elapsedMs(startedAt, now.value))}
      </td>
      <td>{end ? <StateBadge state={end.newState} /> : 'runs'}</td>
      <td class={end?.error ? 'error-cell' : undefined}>
        {end === undefined && leaseExpiresAt !== null && (
          <>
            lease ends <Relative at={leaseExpiresAt} />
          </>
        )}
        {end === undefined && leaseExpiresAt === null && <span class="muted">no lease</span>}
        {end?.error ?? end?.reason}
      </td>
    </tr>
  )
}
