// The HTTP server: routes requests by path, starts and shuts down. It does not depend on GraphQL or
// the database.
import { once, setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { anonymousLog } from './anonymousLog.ts'
import { DASHBOARD_PATH, type Dashboard } from './dashboard/dashboard.ts'
import type { GraphQLHandler, RequestOrigin } from './graphqlHandler.ts'
import { GRAPHQL_PATH } from './graphqlPath.ts'
import type { ReadinessProbe } from './health.ts'
import { answerMalformedHttp, hasHost, originForm } from './malformedHttp.ts'
import { inTurn } from './pipelining.ts'
import { requestIdOf } from './requestId.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 selects any free port. */
  readonly port: number
  /** Maximum time for a client to send its request, in milliseconds. */
  readonly requestTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly log: Logger
  readonly readiness: ReadinessProbe
  readonly graphql: GraphQLHandler
  /** Undefined: no dashboard. */
  readonly dashboard: Dashboard | undefined
}

export interface HttpServer {
  /** Resolves to the port. @throws ListenError */
  listen(): Promise<number>
  /**
   * Stops accepting connections, cuts subscriptions, waits for other requests until the shutdown
   * timeout, then cuts what remains. Safe to call twice.
   */
  close(): Promise<void>
}

/**
 * The server cannot listen on the configured host and port. Print the message without a stack
 * trace.
 */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Maximum time for a client to send the headers. */
const HEADERS_TIMEOUT_MS = 15_000
/** How often Node checks for slow clients. */
const CHECK_INTERVAL_MS = 1000
// Longer than the 60 s of common load balancers, so that a balancer never reuses a connection that
// this server is closing.
const KEEP_ALIVE_MS = 65_000

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, port, requestTimeoutMs, shutdownTimeoutMs, log } = options
  const timeouts = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, requestTimeoutMs),
    // malformedHttp.ts checks it. Node's own response has no body.
    requireHostHeader: false,
  }
  const limitedLog = anonymousLog(log)
  const active = new Set<ServerResponse>()
  let closing: Promise<void> | undefined
  const shuttingDown = new AbortController()
  // Each subscription adds a listener.
  setMaxListeners(0, shuttingDown.signal)

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    active.add(response)
    response.once('close', () => {
      active.delete(response)
      // Sockets that never sent a request are still open, and Node would wait for them.
      if (closing !== undefined && active.size === 0) server.closeAllConnections()
    })
    if (closing !== undefined) response.setHeader('connection', 'close')
    const origin: RequestOrigin = { requestId: requestIdOf(request), shuttingDown: shuttingDown.signal }
    response.setHeader('x-request-id', origin.requestId)
    // Responses are for one caller only, and browsers must not guess their type.
    response.setHeader('cache-control', 'no-store')
    response.setHeader('x-content-type-options', 'nosniff')
    handle(request, response, { options, origin, draining: closing !== undefined }).catch((error: unknown) => {
      limitedLog.error({ err: error, requestId: origin.requestId }, 'unhandled error in request')
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: 'internal error', requestId: origin.requestId })
    })
  }
  const server = createServer(timeouts, inTurn(serve))

  answerMalformedHttp(server, active, { requestTimeoutMs, headersTimeoutMs: timeouts.headersTimeout, log })

  return {
    listen: () => listen(server, host, port),
    close() {
      closing ??= Promise.resolve().then(() => drain(server, active, { shutdownTimeoutMs, log }))
      shuttingDown.abort()
      return closing
    },
  }
}

interface HandleOptions {
  readonly options: HttpServerOptions
  readonly origin: RequestOrigin
  readonly draining: boolean
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { options, origin, draining }: HandleOptions,
): Promise<void> {
  if (!hasHost(request, response)) return
  request.url = originForm(request.url ?? '/')
  const path = request.url.split('?', 1)[0]
  if (options.dashboard?.owns(request)) return options.dashboard.answer(request, response)
  if (path === GRAPHQL_PATH) {
    await options.dashboard?.authorize(request)
    await options.graphql(request, response, origin)
  } else if (path === '/livez' || path === '/readyz')
    await sendHealth(request, response, { readiness: options.readiness, draining, path })
  else {
    const dashboard = options.dashboard && `, the dashboard is at ${DASHBOARD_PATH}`
    const message = `This path does not exist. The API is at ${GRAPHQL_PATH}${dashboard ?? ''}, health checks are at /livez and /readyz.`
    sendJson(response, 404, { error: 'not found', message })
  }
}

async function sendHealth(
  request: IncomingMessage,
  response: ServerResponse,
  { path, draining, readiness }: { path: '/livez' | '/readyz'; draining: boolean; readiness: ReadinessProbe },
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return sendJson(response, 405, { error: 'method not allowed', message: `${path} supports GET and HEAD.` })
  }
  if (path === '/livez') return sendJson(response, 200, { status: 'alive' })
  const health = draining ? SHUTTING_DOWN : await readiness()
  if (health.ready) sendJson(response, 200, { status: 'ready' })
  else sendJson(response, 503, { status: 'not ready', reason: health.reason })
}

const SHUTTING_DOWN = { ready: false, reason: 'The server is shutting down.' } as const

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
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
      return `Port ${port} of ${host} is already in use. Stop the other program, or set PORT to another port.`
    case 'EACCES':
      return `This user may not listen on port ${port} of ${host}. Set PORT to a port above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine. Set HOST to 127.0.0.1, or to 0.0.0.0 for all of its addresses.`
    default:
      return `The server cannot listen on port ${port} of ${host} (${error.message}).`
  }
}

async function drain(
  server: Server,
  active: ReadonlySet<ServerResponse>,
  { shutdownTimeoutMs, log }: { shutdownTimeoutMs: number; log: Logger },
): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  for (const response of active) if (!response.headersSent) response.setHeader('connection', 'close')
  server.close()
  if (active.size === 0) server.closeAllConnections()
  const timer = setTimeout(() => {
    log.warn({ requests: active.size }, 'shutdown timed out, cutting the remaining requests')
    server.closeAllConnections()
  }, shutdownTimeoutMs)
  await closed.finally(() => clearTimeout(timer))
}
