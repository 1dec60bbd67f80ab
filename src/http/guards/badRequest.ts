// A request that is not a GraphQL request at all: 400 for every client, whatever form of answer it accepts.
import { GraphQLError } from 'graphql'

export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400, spec: false } } })
}
