// The situation of a job and its reason, in sentences.
import { elapsedMs, relativeInstant, roughDuration } from '../view/instants.ts'
import { attemptText } from './attemptText.ts'
import type { Job } from './job.ts'

/** What the sentence is made of. */
export type Standing = Pick<
  Job,
  | 'state'
  | 'stateActor'
  | 'stuckReason'
  | 'attempt'
  | 'maxAttempts'
  | 'runAt'
  | 'startedAt'
  | 'completedAt'
  | 'updatedAt'
  | 'cancelRequestedAt'
  | 'deletedAt'
  | 'leaseExpiresAt'
>

/** One or more sentences; `at` is the current time in milliseconds. */
export function standingOf(job: Standing, at: number): string {
  if (job.deletedAt !== null) return `Deleted ${relativeInstant(job.deletedAt, at)} by ${job.stateActor}.`
  switch (job.state) {
    case 'PENDING':
      return pending(job, at)
    case 'PROCESSING':
      return processing(job, at)
    case 'COMPLETED':
      return `Completed ${relativeInstant(job.updatedAt, at)} by ${job.stateActor}${tookOf(job)}.`
    case 'FAILED':
      return `Failed ${relativeInstant(job.updatedAt, at)} at attempt ${job.attempt}${tookOf(job)}. It stays failed until someone retries it.`
    case 'CANCELLED':
      return `Cancelled ${relativeInstant(job.updatedAt, at)} by ${job.stateActor}.`
  }
}

function tookOf({ startedAt, completedAt }: Standing): string {
  if (startedAt === null || completedAt === null) return ''
  return ` after ${roughDuration(elapsedMs(startedAt, completedAt))} of work`
}

function pending(job: Standing, at: number): string {
  const { runAt, updatedAt, attempt } = job
  const next = attempt === 0 ? 'its first attempt' : `another attempt, after ${attemptText(job)}`
  if (Date.parse(runAt) > at) return `Waits for ${next}: a worker can claim it ${relativeInstant(runAt, at)}.`
  const since = updatedAt > runAt ? updatedAt : runAt
  return `Waits for ${next}, since ${roughDuration(elapsedMs(since, at))}: no worker has claimed it yet.`
}

function processing(job: Standing, at: number): string {
  const { stateActor, startedAt, cancelRequestedAt } = job
  const since = startedAt === null ? '' : ` for ${roughDuration(elapsedMs(startedAt, at))}`
  const working = `${stateActor} has been working on it${since}, at attempt ${attemptText(job)}.`
  const cancelled =
    cancelRequestedAt === null
      ? ''
      : ` Its cancellation was requested ${relativeInstant(cancelRequestedAt, at)}; the worker must stop it.`
  return `${stuckOf(job, at) ?? `${working}${leaseOf(job, at)}`}${cancelled}`
}

function leaseOf({ leaseExpiresAt }: Standing, at: number): string {
  return leaseExpiresAt === null ? '' : ` Its lease ends ${relativeInstant(leaseExpiresAt, at)} unless it is extended.`
}

function stuckOf({ stuckReason, stateActor, leaseExpiresAt, startedAt }: Standing, at: number): string | undefined {
  const since = startedAt === null ? '' : roughDuration(elapsedMs(startedAt, at))
  switch (stuckReason) {
    case 'LEASE_EXPIRED': {
      const expired = leaseExpiresAt === null ? '' : ` ${relativeInstant(leaseExpiresAt, at)}`
      return `Stuck: the lease of ${stateActor} expired${expired}, so its worker is lost. Maintenance rescues the job.`
    }
    case 'NO_LEASE':
      return `Stuck: ${stateActor} started it ${since} ago without a lease and has not ended it. Release or cancel it if its program is gone.`
    case 'TOO_LONG':
      return `Stuck: ${stateActor} has been working on it for ${since} and still extends its lease.`
    case null:
      return undefined
  }
}
