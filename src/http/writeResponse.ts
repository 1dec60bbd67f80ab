// Writes responses with one result, in the type that the client accepts.
import type { ServerResponse } from 'node:http'
import { sendAsEvent } from './eventStreams.ts'
import type { QueryResult } from './executeOperation.ts'
import type { ResultType } from './guards/mediaTypes.ts'
import type { RefusedRequest } from './guards/refusedRequest.ts'
import { bodyOf, type Head, headOf } from './resultBody.ts'

/** `type`: JSON if the client accepts none of our types. */
export function writeResult(
  response: ServerResponse,
  result: QueryResult,
  type: ResultType = 'application/json',
): void {
  if (type === 'text/event-stream') sendAsEvent(response, result)
  else if (type === 'multipart/mixed') writePart(response, result)
  else {
    const body = bodyOf(result)
    write(response, headOf(result, type, { 'Content-Type': `${type}; charset=utf-8` }), body)
  }
}

export function writeRefusal(response: ServerResponse, { message, status, headers }: RefusedRequest): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
  write(response, { status, headers: { ...headers, 'content-type': 'application/json; charset=utf-8' } }, body)
}

/**
 * The result as the only part of a body of several parts (GraphQL over HTTP, "Incremental
 * Delivery").
 */
function writePart(response: ServerResponse, result: QueryResult): void {
  const part = bodyOf(result)
  const lines = [
    '',
    '---',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(part)}`,
  ]
  const body = [...lines, '', part, '-----', ''].join('\r\n')
  write(response, headOf(result, 'multipart/mixed', { 'Content-Type': 'multipart/mixed; boundary="-"' }), body)
}

function write(response: ServerResponse, { status, headers }: Head, body: string): void {
  if (response.headersSent || response.destroyed) return
  headers['content-length'] = Buffer.byteLength(body)
  response.writeHead(status, headers)
  response.end(body)
}
