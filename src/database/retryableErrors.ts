// Failures of the database that clients handle by sending the same request again. The API passes
// them on with their code and a Retry-After header (graphql/errors.ts). Clients see the messages,
// so they name no host, no statement and no value.

/** A temporary failure that the request did not cause. */
export abstract class RetryableError extends Error {
  /** `extensions.code` of the API. Not `code`: Prisma replaces errors that have one. */
  abstract readonly apiCode: string
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number

  constructor(message: string, { retryAfterSeconds = 1, cause }: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, { cause })
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

/**
 * The statement may or may not have been committed. The message says how to find out: by the same
 * idempotency key, or by the version.
 */
export class OutcomeUnknownError extends RetryableError {
  override readonly name = 'OutcomeUnknownError'
  readonly apiCode = 'OUTCOME_UNKNOWN'
}
