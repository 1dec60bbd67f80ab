// Failures of the database that clients handle by sending the same request again. The API passes
// them on with their code and a Retry-After header (graphql/errors.ts). Clients see the messages,
// so they name no host, no statement and no value.

/** The default advice. */
const RETRY = 'Send the request again later.'

interface RetryableDetails {
  readonly advice?: string
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/** A temporary failure that the request did not cause. */
export abstract class RetryableError extends Error {
  /** `extensions.code` of the API. Not `code`: Prisma replaces errors that have one. */
  abstract readonly apiCode: string
  /** What is wrong, without the advice for clients: for logs, readiness and commands. */
  readonly reason: string
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number

  /** `reason` and `advice` are sentences. Together they are the message that clients see. */
  constructor(reason: string, { advice = RETRY, retryAfterSeconds = 1, cause }: RetryableDetails = {}) {
    super(`${reason} ${advice}`, { cause })
    this.reason = reason
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * The database cannot run the statement now: no connection is free, it is read-only, or it
 * restarts. Nothing was written.
 */
export class DatabaseUnavailableError extends RetryableError {
  override readonly name = 'DatabaseUnavailableError'
  readonly apiCode = 'UNAVAILABLE'
}

/** The reason if no connection became free in time. */
export const POOL_EXHAUSTED = 'All connections to the database are in use.'

/**
 * The statement may or may not have been committed. The message says how to find out: by the same
 * idempotency key, or by the version.
 */
export class OutcomeUnknownError extends RetryableError {
  override readonly name = 'OutcomeUnknownError'
  readonly apiCode = 'OUTCOME_UNKNOWN'
}
