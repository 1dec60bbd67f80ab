/** The path at which the server answers GraphQL requests. */
export const GRAPHQL_PATH = '/graphql'
