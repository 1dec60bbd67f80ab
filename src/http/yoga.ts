// GraphQL over HTTP: one Yoga instance, what it lets through and how it answers. Knows no business rule; what an error
// of ours may say is decided in graphql/errors.ts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql'
import { createYoga, type GraphiQLOptions, type YogaLogger } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { Authenticate } from '../access/authenticate.ts'
import { writeJson } from '../database/rows/exactNumbers.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import { ThreadTurns } from '../fairness/threadTurns.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import type { DocumentLimits } from '../graphql/limits/documentLimits.ts'
import { AnswerBudget } from '../ledger/jobAnswer.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { anonymousLog } from './anonymousLog.ts'
import { Deadline, keepDeadline } from './deadline.ts'
import { keepDocuments } from './documentCache.ts'
import { eventStreams } from './eventStreams.ts'
import { graphiqlHeaders, graphiqlTabs } from './graphiqlTabs.ts'
import { authentication } from './guards/authentication.ts'
import { csrfPrevention } from './guards/csrf.ts'
import { documentGuard } from './guards/documents.ts'
import { hostHeaderGuard } from './guards/hostHeader.ts'
import { jsonBody } from './guards/jsonBody.ts'
import { acceptableAnswers, acceptableStreams, normalizeMediaTypes } from './guards/mediaTypes.ts'
import { checkParameters } from './guards/parameters.ts'
import { createRateLimiter, type RateLimits } from './guards/rateLimit.ts'
import { DOCUMENT_ID, trustedDocuments } from './guards/trustedDocuments.ts'
import { isJsonPost, jsonPosts } from './jsonPost.ts'
import { MemoryBudget, usualMemoryLimit } from './memoryBudget.ts'
import { logRequest } from './requestLog.ts'
import { boundBodies, dropBody, RequestMemory } from './requestMemory.ts'
import type { RequestScope, ServerContext, ServerPlugin } from './requestScope.ts'
import { limitResponseSize, ResponseSizeLimit } from './responseSize.ts'
import { maskResultErrors } from './resultErrors.ts'

export const GRAPHQL_PATH = '/graphql'

export interface GraphQLHandlerOptions {
  readonly ledger: Ledger
  readonly events: EventFeed
  readonly schema: GraphQLSchema
  readonly log: Logger
  readonly authenticate: Authenticate
  readonly documentLimits: DocumentLimits
  /** The only documents that may be run, by their ids; undefined: all may be. */
  readonly trustedDocuments: ReadonlyMap<string, string> | undefined
  readonly rateLimits: RateLimits | undefined
  readonly bodyLimitBytes: number
  readonly responseLimitBytes: number
  /** Memory for all requests together; undefined: a part of the heap that Node allows. */
  readonly memoryLimitBytes: number | undefined
  readonly requestTimeoutMs: number
  /** Time between two signs of life on a stream on which nothing happens. */
  readonly pingMs: number
  /** Requests and statements that take so long are told in the log; 0: none are. */
  readonly slowThresholdMs: number
  /** Nobody is asked who he is. */
  readonly open: boolean
  /** Only this machine reaches the server, and whoever does may do everything. */
  readonly loopbackOnly: boolean
  /** For people who develop: GraphiQL, questions about the schema, suggestions in messages. */
  readonly exploration: boolean
}

export type GraphQLHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  scope: Pick<RequestScope, 'requestId' | 'shuttingDown'>,
) => unknown

export function createGraphQLHandler(options: GraphQLHandlerOptions): GraphQLHandler {
  const { log, requestTimeoutMs, responseLimitBytes, exploration } = options
  const boundedLog = anonymousLog(log)
  const budget = new MemoryBudget(options.memoryLimitBytes ?? usualMemoryLimit())
  const posts = jsonPosts()
  const yoga = createYoga<ServerContext>({
    schema: options.schema,
    graphqlEndpoint: GRAPHQL_PATH,
    // Yoga would answer every URL that ends so, whatever its path; this one is taken before Yoga sees it.
    healthCheckEndpoint: '/livez',
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: options.bodyLimitBytes,
    ...(options.trustedDocuments && { extraParamNames: [DOCUMENT_ID] }),
    // Yoga's own keeps what is refused, and knows no callers.
    parserAndValidationCache: false,
    context: ({ scope }) => contextOf(scope, options),
    // Yoga's own masking does not know the request; our plugin does.
    maskedErrors: false,
    plugins: [posts.plugin, ...plugins(options)],
    graphiql: exploration && graphiqlOptions(options.open),
    renderGraphiQL,
    logging: yogaLogger(log),
  })
  return (request, response, { requestId, shuttingDown }) => {
    normalizeMediaTypes(request.headers)
    const headers = { set: (name: string, value: string) => void response.setHeader(name, value) }
    const address = request.socket.remoteAddress ?? 'unknown'
    const deadline = new Deadline(response, requestTimeoutMs)
    const answerSize = new ResponseSizeLimit(responseLimitBytes, () => deadline.abort('the answer is too large'))
    const holding = budget.open(
      () => scope.callerKey ?? `address:${address}`,
      () => {
        deadline.abort('there is no memory for the request')
        dropBody(request)
        if (response.headersSent) response.destroy()
      },
    )
    const memory = new RequestMemory(holding)
    response.once('close', () => memory.release())
    const scope: RequestScope = {
      requestId,
      log: boundedLog,
      address,
      response,
      headers,
      deadline,
      memory,
      answerSize,
      shuttingDown,
    }
    logRequest(response, scope, options.slowThresholdMs)
    if (isJsonPost(request, GRAPHQL_PATH)) return posts.answer(request, response, { scope })
    return yoga(request, response, { scope })
  }
}

/** In the order in which a request meets them. */
function plugins(options: GraphQLHandlerOptions): ServerPlugin[] {
  const { rateLimits, trustedDocuments: documents, documentLimits, ledger, exploration } = options
  return [
    ...(options.loopbackOnly ? [hostHeaderGuard()] : []),
    ...(exploration ? [] : [csrfPrevention()]),
    authentication(options.authenticate, rateLimits && createRateLimiter(rateLimits), options.log),
    acceptableAnswers(),
    jsonBody(new ThreadTurns()),
    boundBodies(options.bodyLimitBytes),
    ...(documents ? [trustedDocuments(documents)] : []),
    checkParameters({ documentIds: documents !== undefined }),
    documentGuard({ limits: documentLimits, pages: ledger.limits, introspection: exploration }),
    keepDocuments(),
    nameOperation(),
    keepDeadline(),
    limitResponseSize(),
    maskResultErrors({ ...options, suggestions: exploration }),
    exactNumbers(),
    eventStreams({ pingMs: options.pingMs }),
    acceptableStreams(),
  ]
}

function contextOf(scope: RequestScope, { ledger, events }: GraphQLHandlerOptions): GraphQLContext {
  const { caller, reauthenticate, requestId, log, deadline, answerSize, statementEnded } = scope
  if (caller === undefined || reauthenticate === undefined) throw new Error('A request came past authentication.')
  const answerBudget = new AnswerBudget(answerSize.limitBytes)
  return {
    ledger,
    events,
    answerBudget,
    caller,
    reauthenticate,
    signal: deadline.signal,
    statementEnded,
    requestId,
    log,
  }
}

/** Answers numbers of stored JSON as the database has them. */
function exactNumbers(): ServerPlugin {
  return {
    onResultProcess({ result, setResult }) {
      // Yoga writes a result by its own function, if it has one.
      if (!Array.isArray(result) && !(Symbol.asyncIterator in result))
        setResult({ ...result, stringify: writeJson } as typeof result)
    },
  }
}

// The first tab has its headers from `headers`, a new one from `defaultHeaders`; those of its own are for the others.
function graphiqlOptions(open: boolean): GraphiQLOptions {
  const headers = graphiqlHeaders(open)
  return {
    title: 'Jobledger',
    defaultTabs: graphiqlTabs(open),
    ...(headers !== undefined && { headers, defaultHeaders: headers }),
  }
}

// The page with all of its scripts, because Yoga's own page loads them from a host on the internet. The module is loaded at the first
// visit: nine megabytes that most processes never need.
async function renderGraphiQL(options?: GraphiQLOptions): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql')
  return page.renderGraphiQL(options)
}

/** Of the name of an operation, which clients choose, in the log. */
const NAME_CHARACTERS = 200

function nameOperation(): ServerPlugin {
  const note = (context: ServerContext, document: DocumentNode, operationName?: string | null): void => {
    const operation = getOperationAST(document, operationName)
    const name = operation?.name?.value.slice(0, NAME_CHARACTERS) ?? '(unnamed)'
    if (operation) context.scope.operation = `${operation.operation} ${name}`
  }
  return {
    onExecute: ({ args }) => note(args.contextValue, args.document, args.operationName),
    onSubscribe: ({ args }) => note(args.contextValue, args.document, args.operationName),
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
