// GraphQL over HTTP: configures Yoga and its plugins. It has no business rules. graphql/errors.ts
// decides what our own errors reveal.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql'
import { createYoga, type GraphiQLOptions, type Plugin, type YogaLogger } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { Authenticate } from '../access/authenticate.ts'
import { writeJson } from '../database/rows/exactNumbers.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import { ThreadTurns } from '../fairness/threadTurns.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import type { DocumentLimits } from '../graphql/limits/documentLimits.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ResponseBudget } from '../ledger/returnedJob.ts'
import { anonymousLog } from './anonymousLog.ts'
import { Deadline, enforceDeadline } from './deadline.ts'
import { cacheDocuments } from './documentCache.ts'
import { eventStreams } from './eventStreams.ts'
import { graphiqlHeaders, graphiqlTabs } from './graphiqlTabs.ts'
import { GRAPHQL_PATH } from './graphqlPath.ts'
import { authentication } from './guards/authentication.ts'
import { csrfPrevention } from './guards/csrf.ts'
import { documentGuard } from './guards/documents.ts'
import { hostHeaderGuard } from './guards/hostHeader.ts'
import { jsonBody } from './guards/jsonBody.ts'
import { acceptableResponses, acceptableStreams, normalizeMediaTypes } from './guards/mediaTypes.ts'
import { checkParameters } from './guards/parameters.ts'
import { createRateLimiter, type RateLimits } from './guards/rateLimit.ts'
import { DOCUMENT_ID, trustedDocuments } from './guards/trustedDocuments.ts'
import { isJsonPost, jsonPosts } from './jsonPost.ts'
import { defaultMemoryLimit, MemoryBudget } from './memoryBudget.ts'
import { logRequest } from './requestLog.ts'
import { countBodies, dropBody, maxResponseBytes, RequestMemory } from './requestMemory.ts'
import type { RequestScope, ServerContext, ServerPlugin } from './requestScope.ts'
import { limitResponseSize, ResponseSizeLimit } from './responseSize.ts'
import { maskResultErrors } from './resultErrors.ts'

/**
 * A connection without progress is closed this long after the time limit of its request. Node closes
 * one with unsent bytes after one to two times the sum.
 */
const UNREAD_MS = 2000

export interface GraphQLHandlerOptions {
  readonly ledger: Ledger
  readonly events: EventFeed
  readonly schema: GraphQLSchema
  readonly log: Logger
  readonly authenticate: Authenticate
  readonly documentLimits: DocumentLimits
  /** The only documents that may run, by id. Undefined allows all documents. */
  readonly trustedDocuments: ReadonlyMap<string, string> | undefined
  readonly rateLimits: RateLimits | undefined
  readonly bodyLimitBytes: number
  readonly responseLimitBytes: number
  /** Maximum memory for all requests together. Undefined: a share of Node's heap limit. */
  readonly memoryLimitBytes: number | undefined
  readonly requestTimeoutMs: number
  /** Interval of pings on an idle stream, in milliseconds. */
  readonly pingMs: number
  /** Requests and statements that take this long or longer are logged; 0 turns this off. */
  readonly slowThresholdMs: number
  /** Authentication is off. */
  readonly open: boolean
  /** The server is open, and only this machine can reach it. */
  readonly loopbackOnly: boolean
  /** For development: GraphiQL, introspection, and suggestions in messages. */
  readonly exploration: boolean
}

export type GraphQLHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  scope: Pick<RequestScope, 'requestId' | 'shuttingDown'>,
) => unknown

export function createGraphQLHandler(options: GraphQLHandlerOptions): GraphQLHandler {
  const { log, requestTimeoutMs } = options
  const limitedLog = anonymousLog(log)
  const memoryLimitBytes = options.memoryLimitBytes ?? defaultMemoryLimit()
  const budget = new MemoryBudget(memoryLimitBytes)
  const responseLimitBytes = Math.min(options.responseLimitBytes, maxResponseBytes(memoryLimitBytes))
  const posts = jsonPosts()
  const turns = new ThreadTurns()
  const yoga = openYoga(options, [posts.plugin, ...plugins(options, turns)])
  return (request, response, { requestId, shuttingDown }) => {
    normalizeMediaTypes(request.headers)
    const headers = { set: (name: string, value: string) => void response.setHeader(name, value) }
    const address = request.socket.remoteAddress ?? 'unknown'
    const deadline = new Deadline(response, requestTimeoutMs)
    const responseSize = new ResponseSizeLimit(responseLimitBytes, () => deadline.abort('the response is too large'))
    const holding = budget.open(
      () => scope.callerKey ?? `address:${address}`,
      () => {
        deadline.abort('there is not enough memory for the request')
        dropBody(request)
        if (response.headersSent) response.destroy()
      },
    )
    const memory = new RequestMemory(holding)
    response.once('close', () => memory.release())
    const scope: RequestScope = {
      requestId,
      log: limitedLog,
      address,
      response,
      headers,
      deadline,
      memory,
      responseSize,
      shuttingDown,
    }
    logRequest(response, scope, options.slowThresholdMs)
    // A response that the client does not read holds memory.
    response.setTimeout(requestTimeoutMs + UNREAD_MS, () => response.destroy())
    if (isJsonPost(request, GRAPHQL_PATH)) return posts.answer(request, response, { scope })
    return yoga(request, response, { scope })
  }
}

function openYoga(options: GraphQLHandlerOptions, plugins: Plugin<ServerContext, ServerContext>[]) {
  return createYoga<ServerContext>({
    schema: options.schema,
    graphqlEndpoint: GRAPHQL_PATH,
    // Yoga would answer every URL that ends with this path. server.ts answers /livez before Yoga
    // sees it.
    healthCheckEndpoint: '/livez',
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: options.bodyLimitBytes,
    ...(options.trustedDocuments && { extraParamNames: [DOCUMENT_ID] }),
    // Yoga's own cache also stores rejected documents, and does not separate callers. See
    // documentCache.ts.
    parserAndValidationCache: false,
    context: ({ scope }) => contextOf(scope, options),
    // Yoga's own masking has no access to the request. See resultErrors.ts.
    maskedErrors: false,
    plugins,
    graphiql: options.exploration && graphiqlOptions(options.open),
    renderGraphiQL,
    logging: yogaLogger(options.log),
  })
}

/** In the order in which they handle a request. */
function plugins(options: GraphQLHandlerOptions, turns: ThreadTurns): ServerPlugin[] {
  const { rateLimits, trustedDocuments: documents, documentLimits, ledger, exploration } = options
  return [
    ...(options.loopbackOnly ? [hostHeaderGuard()] : []),
    ...(exploration ? [] : [csrfPrevention()]),
    authentication(options.authenticate, rateLimits && createRateLimiter(rateLimits), options.log),
    acceptableResponses(),
    jsonBody(turns),
    countBodies(options.bodyLimitBytes),
    ...(documents ? [trustedDocuments(documents)] : []),
    checkParameters({ documentIds: documents !== undefined }),
    documentGuard({ limits: documentLimits, pages: ledger.limits, introspection: exploration }),
    cacheDocuments(),
    nameOperation(),
    enforceDeadline(turns),
    limitResponseSize(),
    maskResultErrors({ ...options, suggestions: exploration }),
    exactNumbers(),
    eventStreams({ pingMs: options.pingMs }),
    acceptableStreams(),
  ]
}

function contextOf(scope: RequestScope, { ledger, events }: GraphQLHandlerOptions): GraphQLContext {
  const { caller, reauthenticate, requestId, log, deadline, responseSize, statementEnded } = scope
  if (caller === undefined || reauthenticate === undefined) throw new Error('The request was not authenticated.')
  const responseBudget = new ResponseBudget(responseSize.limitBytes)
  return {
    ledger,
    events,
    responseBudget,
    caller,
    reauthenticate,
    signal: deadline.signal,
    statementEnded,
    requestId,
    log,
  }
}

/** Writes the numbers of stored JSON with all of their digits. */
function exactNumbers(): ServerPlugin {
  return {
    onResultProcess({ result, setResult }) {
      // Yoga serializes a result with its method `stringify`, if it has one.
      if (!Array.isArray(result) && !(Symbol.asyncIterator in result))
        setResult({ ...result, stringify: writeJson } as typeof result)
    },
  }
}

// GraphiQL takes the headers of the first tab from `headers`, those of a new tab from
// `defaultHeaders`, and all others from the tab itself.
function graphiqlOptions(open: boolean): GraphiQLOptions {
  const headers = graphiqlHeaders(open)
  return {
    title: 'Jobledger',
    defaultTabs: graphiqlTabs(open),
    ...(headers !== undefined && { headers, defaultHeaders: headers }),
  }
}

// A page that includes its scripts, because Yoga's own page loads them from the internet. The
// module has nine megabytes that most processes never need, so it is loaded at the first visit.
async function renderGraphiQL(options?: GraphiQLOptions): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql')
  return page.renderGraphiQL(options)
}

/** Maximum length of the name of an operation in the log. */
const MAX_NAME_CHARS = 200

function nameOperation(): ServerPlugin {
  const setName = (context: ServerContext, document: DocumentNode, operationName?: string | null): void => {
    const operation = getOperationAST(document, operationName)
    const name = operation?.name?.value.slice(0, MAX_NAME_CHARS) ?? '(unnamed)'
    if (operation) context.scope.operation = `${operation.operation} ${name}`
  }
  return {
    onExecute: ({ args }) => setName(args.contextValue, args.document, args.operationName),
    onSubscribe: ({ args }) => setName(args.contextValue, args.document, args.operationName),
  }
}

function yogaLogger(log: Logger): YogaLogger {
  const write =
    (level: 'trace' | 'info' | 'warn' | 'error') =>
    (...args: unknown[]): void => {
      const [first, ...others] = args
      if (first instanceof Error) log[level]({ err: first }, 'Yoga')
      else log[level]({ args: others.length > 0 ? others : undefined }, String(first))
    }
  return { debug: write('trace'), info: write('info'), warn: write('warn'), error: write('error') }
}
