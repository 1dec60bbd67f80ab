// Prevents cross-site request forgery. A request must be one that browsers send only after a CORS
// preflight (Fetch standard, "CORS-preflight"), and this server does not allow any.
import type { IncomingHttpHeaders } from 'node:http'
import { GraphQLError } from 'graphql'

/**
 * Types that a page may send without a preflight (Fetch standard, "CORS-safelisted
 * request-header").
 */
const SIMPLE_TYPES = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])
/** Each of these causes a preflight, whatever its value. */
const PREFLIGHT_HEADERS = ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf']

/** @throws GraphQLError with the code FORBIDDEN */
export function requirePreflight(headers: IncomingHttpHeaders): void {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== undefined && type !== '' && !SIMPLE_TYPES.has(type)) return
  if (PREFLIGHT_HEADERS.some((name) => headers[name] !== undefined)) return
  const message =
    'This request could come from any web page. Send it with the content type application/json, or with a header ' +
    `${PREFLIGHT_HEADERS.join(' or ')} of any value.`
  throw new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
}
