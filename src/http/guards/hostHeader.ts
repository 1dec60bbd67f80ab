// For a server that is open because only this machine can reach it. A web page can make its own
// host name point to this machine (DNS rebinding), and browsers then allow it to send requests. So
// the Host header must be a loopback name.
import { GraphQLError } from 'graphql'
import { isLoopback } from '../../access/loopback.ts'

/** @throws GraphQLError with the code FORBIDDEN */
export function requireLoopbackHost(host = ''): void {
  if (isLoopback(host.replace(/:\d*$/, ''))) return
  const message =
    `The header Host must be localhost or a loopback address (got "${host.slice(0, 100)}"). ` +
    'To accept requests from other machines, set AUTH to required or open.'
  throw new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 421 } } })
}
