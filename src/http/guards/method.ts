// The methods of requests (GraphQL over HTTP, "Request").
import { GraphQLError, OperationTypeNode } from 'graphql'

/** @throws GraphQLError with the status 405 */
export function requireMethod(method: string | undefined): void {
  if (method !== 'GET' && method !== 'POST')
    throw notAllowed('GraphQL only supports GET and POST requests.', 'GET, POST')
}

/** A GET request must not change anything. @throws GraphQLError with the status 405 */
export function requireMethodFor(kind: OperationTypeNode, method: string | undefined): void {
  if (kind === OperationTypeNode.MUTATION && method === 'GET')
    throw notAllowed('Can only perform a mutation operation from a POST request.', 'POST')
}

function notAllowed(message: string, allow: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'BAD_USER_INPUT', http: { status: 405, headers: { Allow: allow } } },
  })
}
