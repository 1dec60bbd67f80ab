// /ui/session, the only private endpoint of the dashboard: turns a credential into a session
// (POST), ends it (DELETE), and says whether there is one, and how large a page of a list and a
// bulk action may be (GET). It does not check the credential, so no one can guess keys here; a
// session with a wrong one is refused at its first request.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { requireJsonBody } from '../guards/mediaTypes.ts'
import { RefusedRequest } from '../guards/refusedRequest.ts'
import { isSameOrigin } from './sameOrigin.ts'
import { endedSession, type Sessions } from './sessions.ts'

const MAX_BODY_BYTES = 16 * 1024

const BODY = z.strictObject({ credential: z.string().regex(/^[\x21-\x7e]+$/) })

export interface SessionEndpointOptions {
  /** Undefined: the server is open, and no one signs in. */
  readonly sessions: Sessions | undefined
  /** Maximum size of a page that the API returns. */
  readonly maxPageSize: number
  /** Maximum number of jobs that a bulk action may match. */
  readonly maxBulkJobs: number
}

export async function answerSession(
  request: IncomingMessage,
  response: ServerResponse,
  { sessions, maxPageSize, maxBulkJobs }: SessionEndpointOptions,
): Promise<void> {
  if (request.method === 'GET') {
    const isSignedIn = sessions !== undefined && (await sessions.credentialOf(request)) !== undefined
    return sendJson(response, 200, { isRequired: sessions !== undefined, isSignedIn, maxPageSize, maxBulkJobs })
  }
  if (request.method !== 'POST' && request.method !== 'DELETE') {
    response.setHeader('allow', 'GET, POST, DELETE')
    return refuse(response, 405, 'This path supports GET, POST and DELETE.')
  }
  if (!isSameOrigin(request)) return refuse(response, 403, 'Only the dashboard of this server may sign in and out.')
  if (request.method === 'DELETE') {
    response.setHeader('set-cookie', endedSession(request))
    response.writeHead(204).end()
  } else await signIn(request, response, sessions)
}

async function signIn(
  request: IncomingMessage,
  response: ServerResponse,
  sessions: Sessions | undefined,
): Promise<void> {
  if (sessions === undefined) return refuse(response, 409, 'This server is open: no one signs in.')
  try {
    requireJsonBody(request.headers)
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
    return refuse(response, error.status, error.message)
  }
  const text = await bodyOf(request)
  if (text === undefined) return refuse(response, 413, `The request must be at most ${MAX_BODY_BYTES} bytes.`)
  const body = BODY.safeParse(jsonOf(text))
  if (!body.success) return refuse(response, 400, '`credential` must be a token or an API key.')
  const cookie = await sessions.cookieFor(request, body.data.credential)
  if (cookie === undefined)
    return refuse(response, 400, 'The token is too long for a session in a browser. Sign in with an API key.')
  response.setHeader('set-cookie', cookie)
  response.writeHead(204).end()
}

/**
 * Undefined if it is too long; then the rest is dropped as it arrives. Shorter if the client
 * leaves.
 */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
    }
  } catch (error) {
    if (!request.destroyed) throw error
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: message })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
