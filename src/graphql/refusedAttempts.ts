// Recognizes refused attempts in the results of mutations.
import { type Caller, ForbiddenError } from '../access/caller.ts'
import { scopeOf } from '../access/roles.ts'
import {
  IllegalTransitionError,
  InvalidInputError,
  JobNotFoundError,
  type LedgerError,
  VersionConflictError,
} from '../ledger/errors.ts'
import type { Refusal } from '../ledger/refusals.ts'
import { FIELD_OPERATIONS } from './accessRules.ts'
import type { Attempt } from './jobAttempts.ts'

/** The members of results by which refusals are recognized. */
interface Facts {
  /** Of an error. */
  readonly code?: string
  readonly deleted?: boolean
  readonly job?: unknown
  /** The ids of the jobs whose leases were lost. */
  readonly lost?: readonly string[]
}

/** Whether the result of a mutation may be a refusal. A cheap test, for the results of batches. */
export function mayBeRefusal(result: unknown): boolean {
  const { code, deleted, lost = [] } = (result ?? {}) as Facts
  return code !== undefined || deleted === false || lost.length > 0
}

/** The refusal of an attempt whose result is `result`; undefined if it was not refused. */
export function refusalOf(result: unknown, attempt: Attempt, caller: Caller): Refusal | undefined {
  if (isA(IllegalTransitionError, result)) {
    const { from, to: attempted, actualVersion, message } = result
    return { ...unread(attempt, caller), kind: 'ILLEGAL_TRANSITION', attempted, from, actualVersion, message }
  }
  if (isA(VersionConflictError, result)) {
    const { actualState: from, actualVersion, message } = result
    const kind = isLate(attempt, actualVersion) ? 'LATE_COMPLETION' : 'VERSION_CONFLICT'
    return { ...unread(attempt, caller), kind, from, actualVersion, message }
  }
  if (isA(JobNotFoundError, result)) {
    // The job may exist, but be deleted.
    if (attempt.field !== 'setJobResult') return onInvisibleJob(attempt, caller)
    return { ...unread(attempt, caller), kind: 'ILLEGAL_TRANSITION', message: result.message }
  }
  if (isA(InvalidInputError, result))
    return result.cause instanceof ForbiddenError ? forbidden(attempt, caller, result.cause.message) : undefined
  const { deleted, job, lost } = (result ?? {}) as Facts
  if (deleted === false && job === null) return onInvisibleJob(attempt, caller)
  return lost?.includes(attempt.jobId) ? lostLease(attempt, caller) : undefined
}

/** Pothos replaces errors by proxies, for which `instanceof` is false. */
function isA<Result extends LedgerError>(
  type: abstract new (...args: never[]) => Result,
  result: unknown,
): result is Result {
  return (result as object | null | undefined)?.constructor === type
}

/** The refusal of an attempt for which the caller has no role. */
export function forbidden(attempt: Attempt, caller: Caller, message: string): Refusal {
  return { ...unread(attempt, caller), kind: 'FORBIDDEN', message }
}

/** For attempts that were refused before the job was read. */
function unread({ jobId, attempted, expectedVersion }: Attempt, { actor }: Caller) {
  return { jobId, actor, attempted, from: null, expectedVersion, actualVersion: null }
}

/** Whether a worker reports the end of its work on a job that it does not hold any more. */
function isLate({ field, attempted, expectedVersion }: Attempt, actualVersion: number): boolean {
  if (expectedVersion === null || expectedVersion >= actualVersion) return false
  return field === 'releaseJob' || attempted === 'COMPLETED' || attempted === 'FAILED'
}

/** To a user, a job of another user looks like one that does not exist. */
function onInvisibleJob(attempt: Attempt, caller: Caller): Refusal | undefined {
  const { userId, actor, roles } = caller
  const operations = FIELD_OPERATIONS[`Mutation.${attempt.field}`] ?? []
  if (userId === null || operations.some((operation) => scopeOf(roles, operation) === 'any')) return undefined
  const message = `${actor} may change only jobs of the user "${userId}". The answer was that the job does not exist.`
  return { ...forbidden(attempt, caller, message), notOwnedBy: userId }
}

function lostLease(attempt: Attempt, caller: Caller): Refusal {
  const message = `The worker does not hold job ${attempt.jobId} with version ${attempt.expectedVersion}.`
  return { ...unread(attempt, caller), kind: 'LATE_COMPLETION', message, isLease: true }
}
