// The error for a request that is not a GraphQL request: 400 for every client, whichever media type
// it accepts.
import { GraphQLError } from 'graphql'

export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400, spec: false } } })
}
