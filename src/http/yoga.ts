// GraphQL over HTTP: one Yoga instance, what it lets through and how it answers. Knows no business rule; what an error
// of ours may say is decided in graphql/errors.ts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql'
import { createYoga, type Plugin, type YogaLogger } from 'graphql-yoga'
import type { Logger } from 'pino'
import { createContext } from '../graphql/context.ts'
import { maskError } from '../graphql/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { GRAPHIQL_TABS } from './graphiqlTabs.ts'

export const GRAPHQL_PATH = '/graphql'

/** What a request carries from the socket to its last log line. */
export interface RequestScope {
  readonly requestId: string
  readonly log: Logger
  operation?: string
}

export interface GraphQLHandlerOptions {
  readonly ledger: Ledger
  readonly schema: GraphQLSchema
  readonly log: Logger
  readonly bodyLimitBytes: number
}

interface ServerContext {
  readonly scope: RequestScope
}

export type GraphQLHandler = (request: IncomingMessage, response: ServerResponse, scope: RequestScope) => unknown

export function createGraphQLHandler({ ledger, schema, log, bodyLimitBytes }: GraphQLHandlerOptions): GraphQLHandler {
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    // Yoga would answer every URL that ends so, whatever its path; this one is taken before Yoga sees it.
    healthCheckEndpoint: '/livez',
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: bodyLimitBytes,
    context: ({ request, scope }) => createContext({ ledger, request, requestId: scope.requestId, log: scope.log }),
    // Yoga's own masking does not know the request; the plugin below does.
    maskedErrors: false,
    plugins: [nameOperation(), maskErrors(bodyLimitBytes)],
    graphiql: {
      title: 'Jobledger',
      defaultTabs: GRAPHIQL_TABS.map((tab) => ({ headers: '{"x-actor": "me"}', ...tab })),
    },
    renderGraphiQL,
    logging: yogaLogger(log),
  })
  return (request, response, scope) => {
    if (log.isLevelEnabled('debug')) response.once('close', logRequest(response, scope))
    return yoga(request, response, { scope })
  }
}

let graphiql: Promise<string> | undefined

// The page with all of its scripts, because Yoga's own page loads them from a host on the internet. It is loaded at the first
// visit: nine megabytes that most processes never need.
function renderGraphiQL(options: object): Promise<string> {
  graphiql ??= import('@graphql-yoga/render-graphiql').then((page) => page.renderGraphiQL(options))
  return graphiql
}

function nameOperation(): Plugin<ServerContext> {
  const note = (context: ServerContext, document: DocumentNode, operationName?: string | null): void => {
    const operation = getOperationAST(document, operationName)
    if (operation) context.scope.operation = `${operation.operation} ${operation.name?.value ?? '(unnamed)'}`
  }
  return {
    onExecute: ({ args }) => note(args.contextValue, args.document, args.operationName),
    onSubscribe: ({ args }) => note(args.contextValue, args.document, args.operationName),
  }
}

function logRequest(response: ServerResponse, scope: RequestScope): () => void {
  const startedAt = performance.now()
  return () => {
    const durationMs = Math.round((performance.now() - startedAt) * 10) / 10
    const { requestId, operation } = scope
    const ended = response.writableFinished ? 'request answered' : 'request given up by the client'
    scope.log.debug({ requestId, operation, status: response.statusCode, durationMs }, ended)
  }
}

/** The last look at each result before it is written: also at what failed before there was an operation. */
function maskErrors(bodyLimitBytes: number): Plugin<object, ServerContext> {
  const mask = (result: ExecutionResult, scope: RequestScope): ExecutionResult => {
    if (result.errors === undefined) return result
    const requestFailed = result.data === undefined
    return {
      ...result,
      errors: result.errors.map((error) => toClient(error, { scope, requestFailed, bodyLimitBytes })),
    }
  }
  return {
    onResultProcess({ result, setResult, serverContext: { scope } }) {
      if (Array.isArray(result)) setResult(result.map((one) => mask(one, scope)))
      else if (Symbol.asyncIterator in result) setResult(maskEach(result, (one) => mask(one, scope)))
      else setResult(mask(result, scope))
    },
  }
}

async function* maskEach<T>(results: AsyncIterable<T>, mask: (result: T) => T): AsyncIterable<T> {
  for await (const result of results) yield mask(result)
}

// Yoga and GraphQL give codes of their own to requests that are malformed; our clients know one.
const MALFORMED = new Set<unknown>([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'REQUEST_ENTITY_TOO_LARGE',
])

function toClient(
  error: GraphQLError,
  { scope, requestFailed, bodyLimitBytes }: { scope: RequestScope; requestFailed: boolean; bodyLimitBytes: number },
): GraphQLError {
  const masked = maskError(error, scope)
  const { code, http: given, originalError: _, ...facts } = masked.extensions
  const http = httpOf(code, given as HttpHints | undefined, requestFailed)
  const tooLarge = code === 'REQUEST_ENTITY_TOO_LARGE'
  // A new error, because Yoga keeps those of a document in its cache.
  return new GraphQLError(
    tooLarge ? `The request body is larger than the ${bodyLimitBytes} bytes allowed.` : masked.message,
    {
      nodes: masked.nodes ?? null,
      source: masked.source ?? null,
      positions: masked.positions ?? null,
      path: masked.path ?? null,
      extensions: {
        ...facts,
        code: MALFORMED.has(code) ? 'BAD_USER_INPUT' : code,
        ...(http === undefined ? {} : { http }),
      },
    },
  )
}

interface HttpHints {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The status is for clients that ask for application/graphql-response+json; others get 200. */
  readonly spec?: boolean
}

function httpOf(code: unknown, given: HttpHints | undefined, requestFailed: boolean): HttpHints | undefined {
  // What is no GraphQL request at all is a bad one for every client; Yoga makes an exception for broken JSON.
  if (code === 'BAD_REQUEST') return { status: 400, ...given, spec: false }
  if (given !== undefined || !requestFailed) return given
  return code === 'INTERNAL_SERVER_ERROR' ? { status: 500 } : { spec: true, status: 400 }
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
