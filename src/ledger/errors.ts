// The errors of the ledger, with the data that a program needs to react to them. How they reach a
// client is not decided here.
import type { Job, JobState } from '../database/generated/client.ts'
import { allowedTransitions } from './states.ts'

/** The ledger refused an operation. Nothing was written. */
export abstract class LedgerError extends Error {
  abstract readonly code: string

  override get name(): string {
    return this.constructor.name
  }
}

/** The job does not exist, or it was deleted and the operation requires a job that is not. */
export class JobNotFoundError extends LedgerError {
  readonly code = 'JOB_NOT_FOUND'
  readonly jobId: string

  constructor(jobId: string, message = `Job ${jobId} does not exist.`) {
    super(message)
    this.jobId = jobId
  }
}

/** The state machine does not allow the transition from the job's state. */
export class IllegalTransitionError extends LedgerError {
  readonly code = 'ILLEGAL_TRANSITION'
  readonly jobId: string
  readonly actualVersion: number
  readonly from: JobState
  readonly to: JobState
  readonly allowed: readonly JobState[]

  constructor(job: Pick<Job, 'id' | 'state' | 'version' | 'deletedAt'>, to: JobState) {
    const allowed = allowedTransitions(job.state)
    const options = allowed.length > 0 ? `it can become ${allowed.join(' or ')}` : 'it can only be deleted'
    super(
      job.deletedAt
        ? `Job ${job.id} was deleted at ${job.deletedAt.toISOString()}; it cannot become ${to}.`
        : `Job ${job.id} is ${job.state} and cannot become ${to}; ${options}.`,
    )
    this.jobId = job.id
    this.actualVersion = job.version
    this.from = job.state
    this.to = to
    this.allowed = allowed
  }
}

/** The job does not have the expected version or state: another caller changed it first. */
export class VersionConflictError extends LedgerError {
  readonly code = 'VERSION_CONFLICT'
  readonly jobId: string
  readonly expectedVersion: number | null
  readonly actualVersion: number
  readonly expectedState: JobState | null
  readonly actualState: JobState

  constructor(
    job: Pick<Job, 'id' | 'state' | 'version'>,
    expected: { version?: number | null; state?: JobState | null },
  ) {
    const expectations = [
      expected.state == null ? [] : [expected.state],
      expected.version == null ? [] : [`version ${expected.version}`],
    ].flat()
    super(
      `Job ${job.id} is ${job.state}, version ${job.version} (expected ` +
        `${expectations.join(', ')}). Read it again before you retry.`,
    )
    this.jobId = job.id
    this.expectedVersion = expected.version ?? null
    this.actualVersion = job.version
    this.expectedState = expected.state ?? null
    this.actualState = job.state
  }
}

/** The same user used the idempotency key before, with a different request. */
export class IdempotencyConflictError extends LedgerError {
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly existingJob: Job

  constructor(existingJob: Job) {
    super(
      `The idempotency key "${existingJob.idempotencyKey}" of user "${existingJob.userId}" ` +
        `belongs to job ${existingJob.id}, which was created from a different input.`,
    )
    this.existingJob = existingJob
  }
}

/** The filter of a bulk action does not match the expected number of jobs. */
export class BulkCountChangedError extends LedgerError {
  readonly code = 'BULK_COUNT_CHANGED'
  readonly expectedCount: number
  readonly actualCount: number

  constructor(expectedCount: number, actualCount: number) {
    super(
      `The number of matching jobs is now ${actualCount} (expected ${expectedCount}). Repeat the dry run before you retry.`,
    )
    this.expectedCount = expectedCount
    this.actualCount = actualCount
  }
}

/** One problem of an input: its path, and what is wrong, allowed and given. */
export interface InputIssue {
  path: string[]
  message: string
}

/** The input breaks a limit or a rule. Lists all issues at once. */
export class InvalidInputError extends LedgerError {
  readonly code = 'INVALID_INPUT'
  readonly issues: InputIssue[]

  constructor(issues: InputIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(' '), options)
    this.issues = issues
  }
}

/** The response would exceed the limit of its caller. Nothing was written. */
export class ResponseTooLargeError extends Error {
  override readonly name = 'ResponseTooLargeError'
  readonly bytes: number
  readonly limitBytes: number

  constructor(bytes: number, limitBytes: number) {
    super(
      `The response would be about ${bytes} bytes; the limit is ${limitBytes}. Nothing was ` +
        'changed. Select fewer large fields (content, output, metadata) or send fewer items.',
    )
    this.bytes = bytes
    this.limitBytes = limitBytes
  }
}

/** The codes of all subclasses of LedgerError. */
export const LEDGER_ERROR_CODES = [
  'JOB_NOT_FOUND',
  'ILLEGAL_TRANSITION',
  'VERSION_CONFLICT',
  'IDEMPOTENCY_CONFLICT',
  'INVALID_INPUT',
  'BULK_COUNT_CHANGED',
] as const
