// Authenticates each request before its body is read. The page of GraphiQL needs no credential: it
// has no data, and people enter their credential there.
import { GraphQLError } from 'graphql'
import { type Authenticate, UnauthenticatedError } from '../../access/authenticate.ts'
import { OPEN_CALLER } from '../../access/caller.ts'
import { type StatementWatch, withAbortSignal } from '../../database/cancellation.ts'
import type { RequestLog } from '../anonymousLog.ts'
import type { RequestScope, ServerPlugin } from '../requestScope.ts'
import type { RateLimiter } from './rateLimit.ts'

/**
 * `log` is for authenticated requests. Authenticated callers are rate limited by name, failed
 * authentications by address.
 */
export function authentication(
  authenticate: Authenticate,
  limiter: RateLimiter | undefined,
  log: RequestLog,
): ServerPlugin {
  return {
    async onRequestParse({ request, serverContext: { scope } }) {
      const authorization = request.headers.get('authorization')
      const address = `address:${scope.address}`
      const attempt = limiter?.attempt(address, scope)
      try {
        const watch: StatementWatch = { onStatement: scope.statementEnded, readsOnly: true }
        scope.caller = await scope.deadline.run(() => authenticate(authorization, async () => attempt?.begin()), watch)
        scope.log = log
        attempt?.succeed()
        // Not charged to the caller: a caller with many running statements must not lose its
        // streams.
        scope.reauthenticate = () =>
          withAbortSignal(
            scope.deadline.signal,
            () => authenticate(authorization, async () => undefined).catch(rethrowPublic(scope)),
            watch,
          )
      } catch (error) {
        // The rate limiter refused the attempt and has counted it.
        if (error instanceof GraphQLError) throw error
        attempt?.fail()
        throw toPublicError(error, scope)
      }
      // All callers of an open server have the same name.
      scope.callerKey = scope.caller === OPEN_CALLER ? address : scope.caller.actor
      limiter?.take(scope.callerKey, scope)
    },
  }
}

function rethrowPublic(scope: RequestScope): (error: unknown) => never {
  return (error) => {
    throw toPublicError(error, scope)
  }
}

/** Logs a failed authentication, and returns the error that the client sees. */
function toPublicError(error: unknown, { requestId, address, log }: RequestScope): unknown {
  if (!(error instanceof UnauthenticatedError)) return error
  log.warn({ requestId, address, reason: error.message }, 'authentication failed')
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer realm="jobledger"' } }
  return new GraphQLError(error.message, { extensions: { code: 'UNAUTHENTICATED', http } })
}
