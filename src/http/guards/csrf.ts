// No web page of somebody else can make a browser send a request that is taken: a request must be one that browsers ask leave for
// first (Fetch standard, "CORS-preflight"), and this server gives none.
import { GraphQLError } from 'graphql'
import type { ServerPlugin } from '../requestScope.ts'

/** What a page may send without asking (Fetch standard, "CORS-safelisted request-header"). */
const SIMPLE_TYPES = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])
/** Any of these makes a browser ask, whatever its value. */
const ASKING_HEADERS = ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf']

export function csrfPrevention(): ServerPlugin {
  return {
    onRequestParse({ request }) {
      const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
      if (type !== undefined && type !== '' && !SIMPLE_TYPES.has(type)) return
      if (ASKING_HEADERS.some((name) => request.headers.has(name))) return
      const message =
        'A request that any web page could make is not taken: send it with the content type application/json, or with a header ' +
        `${ASKING_HEADERS.join(' or ')}, which may have any value.`
      throw new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
    },
  }
}
