// Responses to requests that Node's HTTP parser rejects. Node itself would send no body. These
// responses have the form of a GraphQL response, which shows a client that a retry would fail
// again.
import { randomUUID } from 'node:crypto'
import { type IncomingMessage, maxHeaderSize, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { requestIdOf } from './requestId.ts'

export interface MalformedHttpOptions {
  readonly requestTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly log: Logger
}

/**
 * The rest of a rejected request is read for this long. Closing the connection earlier can lose the
 * response (RFC 9112, section 9.6).
 */
const LINGER_MS = 2000

interface Refusal {
  readonly status: number
  readonly message: string
  readonly code?: 'BAD_USER_INPUT' | 'TIMEOUT'
  readonly headers?: Readonly<Record<string, string>>
}

/** `active`: the responses that are not finished. */
export function answerMalformedHttp(
  server: Server,
  active: ReadonlySet<ServerResponse>,
  options: MalformedHttpOptions,
): void {
  const refused = new WeakSet<Duplex>()
  const answered = rememberResponses(server)
  server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
    // The parser reports every later byte as an error too.
    if (refused.has(socket)) return
    refused.add(socket)
    if (answered(socket)) return linger(socket)
    const last = [...active].filter(({ req }) => req.socket === socket).at(-1)
    if (!socket.writable || last?.headersSent) socket.destroy()
    // An earlier request on this connection is still being answered. Let it finish.
    else if (last?.req.complete) last.setHeader('connection', 'close')
    else {
      const requestId = randomUUID()
      options.log.debug({ err: error, requestId }, 'refused malformed request')
      refuse(socket, refusalOf(error, options), requestId)
    }
  })
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('x-request-id', requestIdOf(request))
    send(response, {
      status: 417,
      message: `The header Expect must be 100-continue (got "${request.headers.expect}").`,
    })
  })
  server.on('connect', (request, socket) => {
    const message = 'The method CONNECT is not supported: this server is not a proxy.'
    refuse(socket, { status: 405, message, headers: { allow: 'GET, POST' } }, requestIdOf(request))
  })
}

/** Returns whether the request that is still arriving on a connection has its response already. */
function rememberResponses(server: Server): (socket: Duplex) => boolean {
  const latest = new WeakMap<Duplex, ServerResponse>()
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => latest.set(socket, response))
  return (socket) => {
    const response = latest.get(socket)
    return response !== undefined && !response.req.complete && response.writableEnded
  }
}

const HOST = /^host$/i

/** A cache, because most clients always send the same header. */
const validHosts = new LRUCache<string, true>({ max: 100 })

function isHost(host: string): boolean {
  if (validHosts.has(host)) return true
  const isValid = URL.canParse(`http://${host}`)
  if (isValid) validHosts.set(host, true)
  return isValid
}

/** Whether the header Host is valid. If not, sends the error response. */
export function hasHost(
  { rawHeaders, headers: { host }, httpVersion }: IncomingMessage,
  response: ServerResponse,
): boolean {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) if (HOST.test(rawHeaders[index] as string)) count += 1
  // An empty value is valid, and HTTP/1.0 does not require the header (RFC 9112, section 3.2).
  const isValid = host === undefined ? httpVersion === '1.0' : host === '' || isHost(host)
  if (isValid && count < 2) return true
  const value = host === undefined ? 'no header' : `"${host.slice(0, 100)}"`
  const got = count < 2 ? value : `${count} headers`
  send(response, { status: 400, message: `The header Host must be the name of this server (got ${got}).` })
  return false
}

/**
 * The path and query of a URL. A server must accept requests that name it in full (RFC 9112,
 * section 3.2.2).
 */
export function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const path = url.replace(/^https?:\/\/[^/?]*/i, '')
  return path.startsWith('/') ? path : `/${path}`
}

/** The codes come from Node and its parser. */
function refusalOf(
  { code, message, reason = message }: NodeJS.ErrnoException & { reason?: string },
  { requestTimeoutMs, headersTimeoutMs }: MalformedHttpOptions,
): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        message: `The URL and the headers of a request must be at most ${maxHeaderSize} bytes together.`,
      }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, message: 'The extensions of a chunk must be at most 16384 bytes.' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        code: 'TIMEOUT',
        message: `A request must arrive within ${requestTimeoutMs} ms, and its headers within ${headersTimeoutMs} ms.`,
      }
    default:
      return { status: 400, message: `The request is not valid HTTP/1.1 (${reason}).` }
  }
}

function bodyOf({ message, code = 'BAD_USER_INPUT' }: Refusal): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] })
}

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  connection: 'close',
}

function send(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { ...HEADERS, ...refusal.headers })
  response.end(bodyOf(refusal))
}

/** Writes the response to the socket, because Node has no response object for this request. */
function refuse(socket: Duplex, refusal: Refusal, requestId: string): void {
  const body = bodyOf(refusal)
  const length = Buffer.byteLength(body)
  const headers = { ...HEADERS, ...refusal.headers, 'x-request-id': requestId, 'content-length': length }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`
  // Node does not handle the errors of a CONNECT socket.
  socket.on('error', () => socket.destroy())
  // The rest of a late request may still arrive. It must not run after this response.
  if (refusal.status === 408) socket.end(text, () => socket.destroy())
  else linger(socket, text)
}

/** Closes the connection after the text, but first reads what the client is still sending. */
function linger(socket: Duplex, text = ''): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  socket.end(text)
  socket.resume()
}
