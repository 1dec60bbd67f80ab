// What the ledger refuses, each with the facts that a program needs to react. Nothing here knows how the refusal is told.
import type { Job, JobState } from '../database/generated/client.ts'
import { allowedTransitions } from './states.ts'

/** A refusal of the ledger: nothing was written. */
export abstract class LedgerError extends Error {
  abstract readonly code: string

  override get name(): string {
    return this.constructor.name
  }
}

/** There is no such job, or it was deleted and the operation is for jobs that are not. */
export class JobNotFoundError extends LedgerError {
  readonly code = 'JOB_NOT_FOUND'
  readonly jobId: string

  constructor(jobId: string, message = `There is no job ${jobId}.`) {
    super(message)
    this.jobId = jobId
  }
}

/** The state machine has no way from the state of the job to the one asked for. */
export class IllegalTransitionError extends LedgerError {
  readonly code = 'ILLEGAL_TRANSITION'
  readonly from: JobState
  readonly to: JobState
  readonly allowed: readonly JobState[]

  constructor(job: Pick<Job, 'id' | 'state' | 'deletedAt'>, to: JobState) {
    const allowed = allowedTransitions(job.state)
    const ways = allowed.length > 0 ? `from there it can go to ${allowed.join(', ')}` : 'it can only be deleted'
    super(
      job.deletedAt
        ? `Job ${job.id} was deleted at ${job.deletedAt.toISOString()}; it cannot become ${to}.`
        : `Job ${job.id} is ${job.state} and cannot become ${to}; ${ways}.`,
    )
    this.from = job.state
    this.to = to
    this.allowed = allowed
  }
}

/** The job is not as the caller expected it: somebody else was first. */
export class VersionConflictError extends LedgerError {
  readonly code = 'VERSION_CONFLICT'
  readonly expectedVersion: number | null
  readonly actualVersion: number
  readonly expectedState: JobState | null
  readonly actualState: JobState

  constructor(
    job: Pick<Job, 'id' | 'state' | 'version'>,
    expected: { version?: number | null; state?: JobState | null },
  ) {
    const wanted = [
      expected.state == null ? [] : [expected.state],
      expected.version == null ? [] : [`version ${expected.version}`],
    ].flat()
    super(
      `Job ${job.id} was expected at ${wanted.join(', ')} but is ${job.state}, version ${job.version}; read it again and decide anew.`,
    )
    this.expectedVersion = expected.version ?? null
    this.actualVersion = job.version
    this.expectedState = expected.state ?? null
    this.actualState = job.state
  }
}

/** The idempotency key was used before, by the same user, for another request. */
export class IdempotencyConflictError extends LedgerError {
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly existingJob: Job

  constructor(existingJob: Job) {
    super(
      `The idempotency key "${existingJob.idempotencyKey}" of user "${existingJob.userId}" belongs to job ${existingJob.id}, which was created from another input.`,
    )
    this.existingJob = existingJob
  }
}

/** One thing wrong with an input: where, and what was wrong, allowed and given. */
export interface InputIssue {
  path: string[]
  message: string
}

/** The input breaks a limit or a rule. All its faults are named at once. */
export class InvalidInputError extends LedgerError {
  readonly code = 'INVALID_INPUT'
  readonly issues: InputIssue[]

  constructor(issues: InputIssue[]) {
    super(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(' '))
    this.issues = issues
  }
}

/** What an operation would return is larger than its caller may get. Nothing was written. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
  readonly bytes: number
  readonly limitBytes: number

  constructor(bytes: number, limitBytes: number) {
    super(
      `The answer would have about ${bytes} bytes; the limit is ${limitBytes}. Nothing was changed. Select less of what is large (content, output, metadata), or send fewer items at once.`,
    )
    this.bytes = bytes
    this.limitBytes = limitBytes
  }
}

/** The codes of all refusals. */
export const LEDGER_ERROR_CODES = [
  'JOB_NOT_FOUND',
  'ILLEGAL_TRANSITION',
  'VERSION_CONFLICT',
  'IDEMPOTENCY_CONFLICT',
  'INVALID_INPUT',
] as const
