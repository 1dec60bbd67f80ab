// Top-level errors. Errors of the client keep their message and get a code; errors of the server
// are masked and logged. types/refusals.ts has the refusals that are members of a result.
import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { KeysUnavailableError } from '../access/publishedKeys.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { temporaryFailure } from '../database/temporaryFailures.ts'
import { EventTooLargeError } from '../events/boundedRead.ts'
import { TooManySubscriptionsError } from '../events/subscriptionLimits.ts'
import { InvalidInputError, ResponseTooLargeError } from '../ledger/errors.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'

/** An estimate: other subscriptions may end at any time. */
const SUBSCRIPTION_RETRY_SECONDS = 10

/**
 * The error that the client gets. Errors with a code pass unchanged. Invalid input becomes
 * BAD_USER_INPUT where the result has no member for it. Retryable errors get status 503 and
 * Retry-After. All others are logged and become INTERNAL_SERVER_ERROR with the request id.
 */
export function maskError(
  error: unknown,
  { requestId, log }: { requestId: string; log: Pick<Logger, 'warn' | 'error'> },
): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined
  const cause = located?.originalError ?? error
  if (cause instanceof InvalidInputError)
    return withExtensions(cause.message, located, { code: 'BAD_USER_INPUT', issues: cause.issues })
  if (cause instanceof TimelineEndedError) return withExtensions(cause.message, located, { code: cause.code })
  if (cause instanceof TooManySubscriptionsError) {
    const http = { status: 429, headers: { 'retry-after': String(SUBSCRIPTION_RETRY_SECONDS) } }
    const facts = { code: 'RATE_LIMITED', retryAfterSeconds: SUBSCRIPTION_RETRY_SECONDS, http }
    return withExtensions(cause.message, located, facts)
  }
  if (cause instanceof EventTooLargeError)
    return withExtensions(cause.message, located, { code: 'BAD_USER_INPUT', limit: cause.limitBytes })
  if (cause instanceof ResponseTooLargeError) {
    const { message, bytes, limitBytes } = cause
    return withExtensions(message, located, { code: 'BAD_USER_INPUT', bytes, limit: limitBytes })
  }
  const retryable = cause instanceof RetryableError ? cause : temporaryFailure(cause)
  if (retryable !== undefined) {
    const { message, apiCode: code, retryAfterSeconds } = retryable
    log.warn({ requestId, path: located?.path, ...logFields(retryable) }, 'request failed, can be retried')
    const http = { status: 503, headers: { 'retry-after': String(retryAfterSeconds) } }
    return withExtensions(message, located, { code, retryAfterSeconds, http })
  }
  if (cause instanceof GraphQLError) {
    const clientError = located ?? cause
    // Errors without a code are from graphql-js: the document or its variables are not valid.
    return clientError.extensions.code === undefined
      ? withExtensions(clientError.message, clientError, { ...clientError.extensions, code: 'BAD_USER_INPUT' })
      : clientError
  }
  log.error({ requestId, path: located?.path, err: cause }, 'request failed')
  return withExtensions('Internal error. The log of the server has the details under this requestId.', located, {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
  })
}

/** Any client can name an unknown key, so that failure is logged without a stack trace. */
function logFields(error: RetryableError): object {
  if (!(error instanceof KeysUnavailableError)) return { err: error }
  const { reason, cause } = error
  return { reason, cause: cause instanceof Error ? cause.message : undefined }
}

function withExtensions(
  message: string,
  located: GraphQLError | undefined,
  extensions: Record<string, unknown>,
): GraphQLError {
  return new GraphQLError(message, {
    ...(located?.nodes && { nodes: located.nodes }),
    ...(located?.source && { source: located.source }),
    ...(located?.positions && { positions: located.positions }),
    ...(located?.path && { path: located.path }),
    extensions,
  })
}
