// The id of a request, in the response header x-request-id and in the log.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const VALID_REQUEST_ID = /^[\w.:@/+=-]{1,128}$/

/**
 * The id that the caller sent, so that its log can be compared with ours; a new one if it is
 * missing or invalid.
 */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const id = headers['x-request-id']
  return typeof id === 'string' && VALID_REQUEST_ID.test(id) ? id : randomUUID()
}
