// Top-level errors: what was malformed is told with its code, what we failed at is masked and logged. Refusals of the ledger that
// are members of a result are in refusals.ts.
import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { KeysUnavailableError } from '../access/publishedKeys.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { EventTooLargeError } from '../events/boundedRead.ts'
import { TooManySubscriptionsError } from '../events/subscriptionLimits.ts'
import { AnswerTooLargeError, InvalidInputError } from '../ledger/errors.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'

/** Places become free when other subscriptions end, at any time. */
const SUBSCRIBE_AGAIN_SECONDS = 10

/**
 * What a client gets to see of an error. Errors that carry a code of ours pass; input that the ledger refused where the schema has
 * no member for it becomes BAD_USER_INPUT; what may be retried gets 503 and Retry-After; everything else becomes
 * INTERNAL_SERVER_ERROR with the id under which it is logged.
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
    const http = { status: 429, headers: { 'retry-after': String(SUBSCRIBE_AGAIN_SECONDS) } }
    const facts = { code: 'RATE_LIMITED', retryAfterSeconds: SUBSCRIBE_AGAIN_SECONDS, http }
    return withExtensions(cause.message, located, facts)
  }
  if (cause instanceof EventTooLargeError)
    return withExtensions(cause.message, located, { code: 'BAD_USER_INPUT', limit: cause.limitBytes })
  if (cause instanceof AnswerTooLargeError) {
    const { message, bytes, limitBytes } = cause
    return withExtensions(message, located, { code: 'BAD_USER_INPUT', bytes, limit: limitBytes })
  }
  if (cause instanceof RetryableError) {
    const { message, apiCode: code, retryAfterSeconds } = cause
    log.warn({ requestId, path: located?.path, ...factsOf(cause) }, 'request failed, may be retried')
    const http = { status: 503, headers: { 'retry-after': String(retryAfterSeconds) } }
    return withExtensions(message, located, { code, retryAfterSeconds, http })
  }
  if (cause instanceof GraphQLError) {
    const told = located ?? cause
    // Without a code nothing of ours made it: the document or its variables are at fault.
    return told.extensions.code === undefined
      ? withExtensions(told.message, told, { ...told.extensions, code: 'BAD_USER_INPUT' })
      : told
  }
  log.error({ requestId, path: located?.path, err: cause }, 'request failed')
  return withExtensions('Something went wrong on our side; the log has the details under the request id.', located, {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
  })
}

/** Anybody can name a key that is not there: its failure is one line, without a stack. */
function factsOf(error: RetryableError): object {
  if (!(error instanceof KeysUnavailableError)) return { err: error }
  const { message, cause } = error
  return { reason: message, cause: cause instanceof Error ? cause.message : undefined }
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
