// Nobody gets past this without a credential: it stands before the body is read. GraphiQL's page is outside of it: a page without
// data, on which a person types the credential.
import { GraphQLError } from 'graphql'
import { type Authenticate, UnauthenticatedError } from '../../access/authenticate.ts'
import { OPEN_CALLER } from '../../access/caller.ts'
import type { ServerPlugin } from '../requestScope.ts'
import type { RateLimiter } from './rateLimit.ts'

/** Callers are counted by name; whoever gives no good credential, by address. */
export function authentication(authenticate: Authenticate, limiter: RateLimiter | undefined): ServerPlugin {
  return {
    async onRequestParse({ request, serverContext: { scope } }) {
      try {
        const caller = await authenticate(request.headers.get('authorization'))
        scope.caller = caller
        // In an open server everybody has the same name.
        limiter?.take(caller === OPEN_CALLER ? `address:${scope.address}` : caller.actor, scope)
      } catch (error) {
        if (!(error instanceof UnauthenticatedError)) throw error
        limiter?.take(`address:${scope.address}`, scope)
        scope.log.warn(
          { requestId: scope.requestId, address: scope.address, reason: error.message },
          'a caller was turned away',
        )
        throw unauthenticated(error.message)
      }
    },
  }
}

function unauthenticated(message: string): GraphQLError {
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer realm="jobledger"' } }
  return new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http } })
}
