// The HTTP server: which path is answered by whom, and how the server begins and ends. Knows nothing of GraphQL or of the database.
import { randomUUID } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { anonymousLog } from './anonymousLog.ts'
import type { ReadinessProbe } from './health.ts'
import { answerMalformedHttp, hasHost } from './malformedHttp.ts'
import type { RequestScope } from './requestScope.ts'
import { GRAPHQL_PATH, type GraphQLHandler } from './yoga.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** A client has so long to send its request. */
  readonly requestTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly log: Logger
  readonly readiness: ReadinessProbe
  readonly graphql: GraphQLHandler
}

export interface HttpServer {
  /** Resolves to the port. @throws ListenError */
  listen(): Promise<number>
  /** Takes no new connections, cuts subscriptions, lets other requests end within the shutdown timeout, then ends what is left. Safe to call twice. */
  close(): Promise<void>
}

/** The server cannot listen where it was told to. The message is complete: print it without a stack trace. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

// A client has less time for its headers alone.
const HEADERS_MS = 15_000
/** How often slow clients are looked for. */
const LOOK_MS = 1000
// Longer than the 60 s for which balancers keep their connections: the side that is about to use one must not find it closed.
const KEEP_ALIVE_MS = 65_000

const SANE_REQUEST_ID = /^[\w.:@/+=-]{1,128}$/

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, port, requestTimeoutMs, shutdownTimeoutMs, log } = options
  const timeouts = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(HEADERS_MS, requestTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeoutMs),
    // Node would answer without a body.
    requireHostHeader: false,
  }
  const boundedLog = anonymousLog(log)
  const running = new Set<ServerResponse>()
  let closing: Promise<void> | undefined
  const shuttingDown = new AbortController()
  // Each subscription listens.
  setMaxListeners(0, shuttingDown.signal)

  const server = createServer(timeouts, (request, response) => {
    running.add(response)
    response.once('close', () => {
      running.delete(response)
      // Sockets on which no request ever came are open still, and Node would wait for them.
      if (closing !== undefined && running.size === 0) server.closeAllConnections()
    })
    if (closing !== undefined) response.setHeader('connection', 'close')
    const scope: Scope = { requestId: requestIdOf(request), shuttingDown: shuttingDown.signal }
    response.setHeader('x-request-id', scope.requestId)
    // Answers are for one caller, and are what their content type says.
    response.setHeader('cache-control', 'no-store')
    response.setHeader('x-content-type-options', 'nosniff')
    answer(request, response, { ...options, scope, draining: closing !== undefined }).catch((error: unknown) => {
      boundedLog.error({ err: error, requestId: scope.requestId }, 'a request could not be answered')
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: 'internal error', requestId: scope.requestId })
    })
  })

  answerMalformedHttp(server, running, { requestTimeoutMs, headersTimeoutMs: timeouts.headersTimeout, log })

  return {
    listen: () => listen(server, host, port),
    close() {
      closing ??= Promise.resolve().then(() => drain(server, running, { shutdownTimeoutMs, log }))
      shuttingDown.abort()
      return closing
    },
  }
}

type Scope = Pick<RequestScope, 'requestId' | 'shuttingDown'>

interface AnswerOptions extends HttpServerOptions {
  readonly scope: Scope
  readonly draining: boolean
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AnswerOptions): Promise<void> {
  if (!hasHost(request, response)) return
  const path = request.url?.split('?', 1)[0]
  if (path === GRAPHQL_PATH) {
    await options.graphql(request, response, options.scope)
  } else if (path !== '/livez' && path !== '/readyz') {
    const message = `There is nothing at this path; the API is at ${GRAPHQL_PATH}, the health of the process at /livez and /readyz.`
    sendJson(response, 404, { error: 'not found', message })
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    sendJson(response, 405, { error: 'method not allowed', message: `${path} answers GET and HEAD.` })
  } else if (path === '/livez') {
    sendJson(response, 200, { status: 'alive' })
  } else {
    const readiness = options.draining ? SHUTTING_DOWN : await options.readiness()
    if (readiness.ready) sendJson(response, 200, { status: 'ready' })
    else sendJson(response, 503, { status: 'not ready', reason: readiness.reason })
  }
}

const SHUTTING_DOWN = { ready: false, reason: 'The server is shutting down.' } as const

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** The caller's name for the request, so that both logs can be compared; one of ours where it sent none or an odd one. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID()
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(listenFailure(error as NodeJS.ErrnoException, host, port), { cause: error })
  }
  return (server.address() as AddressInfo).port
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken by another program: stop that one, or set PORT to another port.`
    case 'EACCES':
      return `This user may not listen on port ${port} of ${host}: set PORT to a port above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine: set HOST to 127.0.0.1, or to 0.0.0.0 for all of its addresses.`
    default:
      return `The server cannot listen on port ${port} of ${host} (${error.message}).`
  }
}

async function drain(
  server: Server,
  running: ReadonlySet<ServerResponse>,
  { shutdownTimeoutMs, log }: { shutdownTimeoutMs: number; log: Logger },
): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close')
  server.close()
  if (running.size === 0) server.closeAllConnections()
  const timer = setTimeout(() => {
    log.warn({ requests: running.size }, 'requests were still running when the time to shut down was over')
    server.closeAllConnections()
  }, shutdownTimeoutMs)
  await closed.finally(() => clearTimeout(timer))
}
