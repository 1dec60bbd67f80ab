// The last look at each result before it is written: what its errors may say, and with which status they go out. What an error of
// ours says is decided in graphql/errors.ts.
import { type ExecutionResult, GraphQLError } from 'graphql'
import { OutcomeUnknownError } from '../database/retryableErrors.ts'
import { outcomeUnknown } from '../database/runStatement.ts'
import { maskError } from '../graphql/errors.ts'
import { timeoutError } from './deadline.ts'
import type { RequestScope, ServerPlugin } from './requestScope.ts'

export interface MaskResultErrorsOptions {
  readonly bodyLimitBytes: number
  readonly requestTimeoutMs: number
  /** Whether messages may suggest names of the schema. */
  readonly suggestions: boolean
}

/** Looks at all results, also at what failed before there was an operation. */
export function maskResultErrors(options: MaskResultErrorsOptions): ServerPlugin {
  const mask = (result: ExecutionResult, scope: RequestScope): ExecutionResult => {
    if (result.errors === undefined) return result
    const requestFailed = result.data === undefined
    const isEmpty = !Object.values(result.data ?? {}).some((value) => value !== null)
    return {
      ...result,
      errors: result.errors.map((error) => toClient(error, { scope, requestFailed, isEmpty, ...options })),
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

/** Messages repeat what came, and that may be anything. */
const MESSAGE_CHARACTERS = 2000

interface Answering extends MaskResultErrorsOptions {
  readonly scope: RequestScope
  readonly requestFailed: boolean
  /** Nothing that was asked for is in the answer. */
  readonly isEmpty: boolean
}

function toClient(error: GraphQLError, answering: Answering): GraphQLError {
  const masked = afterWriting(known(error, answering), answering)
  const { code, http: given, originalError: _, ...facts } = masked.extensions
  const http = httpOf(code, given as HttpHints | undefined, answering)
  // A new error, because Yoga keeps those of a document in its cache.
  return new GraphQLError(messageOf(masked, answering), {
    nodes: masked.nodes ?? null,
    source: masked.source ?? null,
    positions: masked.positions ?? null,
    path: masked.path ?? null,
    extensions: {
      ...facts,
      code: MALFORMED.has(code) ? 'BAD_USER_INPUT' : code,
      ...(http === undefined ? {} : { http }),
    },
  })
}

function known(error: GraphQLError, { scope, requestTimeoutMs }: Answering): GraphQLError {
  const isOurs = error.extensions.code !== undefined || error.originalError instanceof OutcomeUnknownError
  const { requestId, operation, caller, log, deadline } = scope
  if (isOurs || !deadline.signal.aborted) return maskError(error, scope)
  const level = deadline.isOver ? 'warn' : 'debug'
  log[level](
    { requestId, operation, actor: caller?.actor, path: error.path, err: error.originalError },
    'request given up',
  )
  return timeoutError(requestTimeoutMs)
}

/** Codes that say that nothing was done. */
const UNDONE = new Set<unknown>(['TIMEOUT', 'UNAVAILABLE'])

/** Below a field of a mutation nothing is undone any more: the mutation has written, and only what it answers cannot be read. */
function afterWriting(error: GraphQLError, { scope }: Answering): GraphQLError {
  const isBelowMutation = scope.operation?.startsWith('mutation ') && (error.path?.length ?? 0) > 1
  if (!isBelowMutation || !UNDONE.has(error.extensions.code)) return error
  const { nodes, path } = error
  return maskError(
    new GraphQLError('', { nodes: nodes ?? null, path: path ?? null, originalError: outcomeUnknown(error) }),
    scope,
  )
}

function messageOf({ message, extensions }: GraphQLError, { bodyLimitBytes, suggestions }: Answering): string {
  if (extensions.code === 'REQUEST_ENTITY_TOO_LARGE') {
    return `The request body is larger than the ${bodyLimitBytes} bytes allowed.`
  }
  const told = suggestions ? message : message.replace(/ ?Did you mean .*\?$/s, '')
  return told.length > MESSAGE_CHARACTERS ? `${told.slice(0, MESSAGE_CHARACTERS)} ...` : told
}

interface HttpHints {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The status is for clients that ask for application/graphql-response+json; others get 200. */
  readonly spec?: boolean
}

function httpOf(
  code: unknown,
  given: HttpHints | undefined,
  { requestFailed, isEmpty }: Answering,
): HttpHints | undefined {
  // What is no GraphQL request at all is a bad one for every client; Yoga makes an exception for broken JSON.
  if (code === 'BAD_REQUEST') return { status: 400, ...given, spec: false }
  // The executor gives bad variables and unknown operations 400 for every client. Faults of a GraphQL request are 200 as JSON.
  if (given?.status === 400) return { spec: true, ...given }
  if (given === undefined && isEmpty && code === 'INTERNAL_SERVER_ERROR') return { status: 500 }
  return given !== undefined || !requestFailed ? given : { spec: true, status: 400 }
}
