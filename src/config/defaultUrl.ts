/** The endpoint of a server on this machine with its default port. Alone in a file, because the help of each command shows it. */
export const DEFAULT_URL = 'http://localhost:4000/graphql'
