// Nobody gets past this without a credential: it stands before the body is read. GraphiQL's page is outside of it: a page without
// data, on which a person types the credential.
import { GraphQLError } from 'graphql'
import { type Authenticate, UnauthenticatedError } from '../../access/authenticate.ts'
import { OPEN_CALLER } from '../../access/caller.ts'
import { withAbortSignal } from '../../database/cancellation.ts'
import type { RequestLog } from '../anonymousLog.ts'
import type { RequestScope, ServerPlugin } from '../requestScope.ts'
import type { RateLimiter } from './rateLimit.ts'

/** `log` is for requests whose caller is known. Callers are counted by name; whoever fails to prove who it is, for whatever reason, by address. */
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
        const watch = { onStatement: scope.statementEnded, readsOnly: true }
        scope.caller = await scope.deadline.run(() => authenticate(authorization, async () => attempt?.begin()), watch)
        scope.log = log
        attempt?.succeed()
        // Not as a statement of the caller: a caller that has many must not lose its streams by them.
        scope.reauthenticate = () =>
          withAbortSignal(
            scope.deadline.signal,
            () => authenticate(authorization, async () => undefined).catch(rethrowPublic(scope)),
            watch,
          )
      } catch (error) {
        // It was not let begin, which has been counted.
        if (error instanceof GraphQLError) throw error
        attempt?.fail()
        throw toPublicError(error, scope)
      }
      // In an open server everybody has the same name.
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

/** What somebody reads who was not let in. */
function toPublicError(error: unknown, { requestId, address, log }: RequestScope): unknown {
  if (!(error instanceof UnauthenticatedError)) return error
  log.warn({ requestId, address, reason: error.message }, 'a caller was turned away')
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer realm="jobledger"' } }
  return new GraphQLError(error.message, { extensions: { code: 'UNAUTHENTICATED', http } })
}
