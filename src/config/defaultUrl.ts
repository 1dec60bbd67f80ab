/**
 * The endpoint of a server on this machine with the default port. In its own file, because the help
 * of every command imports it.
 */
export const DEFAULT_URL = 'http://localhost:4000/graphql'
