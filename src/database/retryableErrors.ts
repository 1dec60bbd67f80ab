// Failures of the database that a caller answers by sending the same request again. The API passes them on with their code and a
// Retry-After (graphql/errors.ts); the messages are for clients, so they name no host, no statement and no value.

/** A failure that is about the moment, not about the request. */
export abstract class RetryableError extends Error {
  /** `extensions.code` of the API. Not `code`: Prisma replaces errors that have one by its own. */
  abstract readonly apiCode: string
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number

  constructor(message: string, { retryAfterSeconds = 1, cause }: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, { cause })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The database cannot serve the statement now: no connection is free, it is read-only, it restarts. Nothing was written. */
export class DatabaseUnavailableError extends RetryableError {
  override readonly name = 'DatabaseUnavailableError'
  readonly apiCode = 'UNAVAILABLE'
}

/** The statement may or may not have been committed. The message says how to find out: the same idempotency key, or the version. */
export class OutcomeUnknownError extends RetryableError {
  override readonly name = 'OutcomeUnknownError'
  readonly apiCode = 'OUTCOME_UNKNOWN'
}
