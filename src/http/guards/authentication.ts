// Authenticates each request before its body is read.
import { GraphQLError } from 'graphql'
import { type Authenticate, UnauthenticatedError } from '../../access/authenticate.ts'
import { type Caller, OPEN_CALLER } from '../../access/caller.ts'
import { type StatementWatch, withAbortSignal } from '../../database/cancellation.ts'
import type { Identity, ReceivedRequest } from '../request.ts'
import type { RateLimiter } from './rateLimit.ts'

/**
 * Finds out who sent the request. Authenticated callers are rate limited by name, failed
 * authentications by address.
 *
 * @throws GraphQLError with the code UNAUTHENTICATED or RATE_LIMITED; what `authenticate` throws;
 * the reason of the abort of the request
 */
export async function identify(
  request: ReceivedRequest,
  authenticate: Authenticate,
  limiter: RateLimiter | undefined,
): Promise<Identity> {
  const { message, response, log, deadline } = request
  const authorization = message.headers.authorization ?? null
  const address = `address:${request.address}`
  const watch: StatementWatch = { onStatement: log.statementEnded, readsOnly: true }
  const run = <T>(query: () => Promise<T>): Promise<T> => withAbortSignal(deadline, query, watch)
  const attempt = limiter?.attempt(address, response)
  let caller: Caller
  try {
    caller = await deadline.wait(authenticate(authorization, { before: async () => attempt?.begin(), run }))
    attempt?.succeed()
  } catch (error) {
    // The rate limiter refused the attempt and has counted it.
    if (error instanceof GraphQLError) throw error
    attempt?.fail()
    throw publicError(error, request)
  }
  // All callers of an open server have the same name.
  const callerKey = caller === OPEN_CALLER ? address : caller.actor
  log.setCaller(caller)
  limiter?.take(callerKey, response)
  // Not charged to the caller: a caller with many running statements must not lose its streams.
  const reauthenticate = async (): Promise<Caller> => {
    try {
      return await authenticate(authorization, { before: async () => undefined, run })
    } catch (error) {
      throw publicError(error, request)
    }
  }
  return { caller, callerKey, reauthenticate }
}

/** Logs a failed authentication, and returns the error that the client sees. */
function publicError(error: unknown, { log, address }: ReceivedRequest): unknown {
  if (!(error instanceof UnauthenticatedError)) return error
  log.logger.warn({ requestId: log.requestId, address, reason: error.message }, 'authentication failed')
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer realm="jobledger"' } }
  return new GraphQLError(error.message, { extensions: { code: 'UNAUTHENTICATED', http } })
}
