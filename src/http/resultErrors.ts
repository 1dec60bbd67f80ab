// Prepares the errors of each result for the client: masks them, and sets their HTTP status.
// graphql/errors.ts decides what our own errors reveal.
import { type ExecutionResult, GraphQLError } from 'graphql'
import { OutcomeUnknownError } from '../database/retryableErrors.ts'
import { outcomeUnknown } from '../database/runStatement.ts'
import { maskError } from '../graphql/errors.ts'
import { timeoutError } from './deadline.ts'
import type { RequestScope, ServerPlugin } from './requestScope.ts'

export interface MaskResultErrorsOptions {
  readonly bodyLimitBytes: number
  readonly requestTimeoutMs: number
  /** Whether messages may suggest names from the schema. */
  readonly suggestions: boolean
}

/** Handles all results, including those of requests that failed before execution. */
export function maskResultErrors(options: MaskResultErrorsOptions): ServerPlugin {
  const mask = (result: ExecutionResult, scope: RequestScope): ExecutionResult => {
    if (result.errors === undefined) return result
    const requestFailed = result.data === undefined
    const isEmpty = !Object.values(result.data ?? {}).some((value) => value !== null)
    return {
      ...result,
      errors: result.errors.map((error) => toPublicError(error, { scope, requestFailed, isEmpty, ...options })),
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

// The codes of Yoga and GraphQL for malformed requests. Clients get one code for all of them.
const MALFORMED = new Set<unknown>([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'REQUEST_ENTITY_TOO_LARGE',
])

/** Maximum length of a message. Messages repeat input, which may be long. */
const MAX_MESSAGE_CHARS = 2000

interface ErrorContext extends MaskResultErrorsOptions {
  readonly scope: RequestScope
  readonly requestFailed: boolean
  /** The response has no data. */
  readonly isEmpty: boolean
}

function toPublicError(error: GraphQLError, context: ErrorContext): GraphQLError {
  const masked = afterWriting(maskOrTimeout(error, context), context)
  const { code, http: hints, originalError: _, ...extensions } = masked.extensions
  const http = httpOf(code, hints as HttpHints | undefined, context)
  // A new error, because Yoga caches the errors of a document.
  return new GraphQLError(messageOf(masked, context), {
    nodes: masked.nodes ?? null,
    source: masked.source ?? null,
    positions: masked.positions ?? null,
    path: masked.path ?? null,
    extensions: {
      ...extensions,
      code: MALFORMED.has(code) ? 'BAD_USER_INPUT' : code,
      ...(http === undefined ? {} : { http }),
    },
  })
}

function maskOrTimeout(error: GraphQLError, { scope, requestTimeoutMs }: ErrorContext): GraphQLError {
  const isOurs = error.extensions.code !== undefined || error.originalError instanceof OutcomeUnknownError
  const { requestId, operation, caller, log, deadline } = scope
  if (isOurs || !deadline.signal.aborted) return maskError(error, scope)
  const level = deadline.isExpired ? 'warn' : 'debug'
  log[level](
    { requestId, operation, actor: caller?.actor, path: error.path, err: error.originalError },
    'aborted request',
  )
  return timeoutError(requestTimeoutMs)
}

/** Codes that say that the request was not processed. */
const NOT_PROCESSED = new Set<unknown>(['TIMEOUT', 'UNAVAILABLE'])

/**
 * An error below a field of a mutation is OUTCOME_UNKNOWN: the mutation has written, and only its
 * result cannot be read.
 */
function afterWriting(error: GraphQLError, { scope }: ErrorContext): GraphQLError {
  const isBelowMutation = scope.operation?.startsWith('mutation ') && (error.path?.length ?? 0) > 1
  if (!isBelowMutation || !NOT_PROCESSED.has(error.extensions.code)) return error
  const { nodes, path } = error
  return maskError(
    new GraphQLError('', { nodes: nodes ?? null, path: path ?? null, originalError: outcomeUnknown(error) }),
    scope,
  )
}

function messageOf({ message, extensions }: GraphQLError, { bodyLimitBytes, suggestions }: ErrorContext): string {
  if (extensions.code === 'REQUEST_ENTITY_TOO_LARGE') {
    return `The request body must be at most ${bodyLimitBytes} bytes.`
  }
  const text = suggestions ? message : message.replace(/ ?Did you mean .*\?$/s, '')
  return text.length > MAX_MESSAGE_CHARS ? `${text.slice(0, MAX_MESSAGE_CHARS)} ...` : text
}

interface HttpHints {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The status applies only to clients that accept application/graphql-response+json; others get
   * 200.
   */
  readonly spec?: boolean
}

function httpOf(
  code: unknown,
  hints: HttpHints | undefined,
  { requestFailed, isEmpty }: ErrorContext,
): HttpHints | undefined {
  // A request that is not a GraphQL request is 400 for every client. Yoga would make an exception
  // for broken JSON.
  if (code === 'BAD_REQUEST') return { status: 400, ...hints, spec: false }
  // The executor sets 400 for bad variables and unknown operations. A client that accepts JSON only
  // must get 200 for these.
  if (hints?.status === 400) return { spec: true, ...hints }
  if (hints === undefined && isEmpty && code === 'INTERNAL_SERVER_ERROR') return { status: 500 }
  return hints !== undefined || !requestFailed ? hints : { spec: true, status: 400 }
}
