// For a server that is open because only this machine can reach it: a web page may have its own name point here (DNS rebinding) and
// would then be let in by the browser. Requests must call the server by a name that is nobody else's.
import { GraphQLError } from 'graphql'
import { isLoopback } from '../../access/loopback.ts'
import type { ServerPlugin } from '../requestScope.ts'

export function hostHeaderGuard(): ServerPlugin {
  return {
    onRequestParse({ request }) {
      const host = request.headers.get('host') ?? ''
      if (isLoopback(host.replace(/:\d*$/, ''))) return
      const message =
        `This server is open to this machine only, and was called by the name "${host.slice(0, 100)}": call it localhost, ` +
        'or set AUTH, to open or to required, if others are meant to reach it.'
      throw new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 421 } } })
    },
  }
}
