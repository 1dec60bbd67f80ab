// Prepares the errors of each result for the client: masks them, and sets their HTTP status.
// graphql/errors.ts decides what our own errors reveal.
import { type ExecutionResult, GraphQLError } from 'graphql'
import { OutcomeUnknownError } from '../database/retryableErrors.ts'
import { outcomeUnknown } from '../database/runStatement.ts'
import { maskError } from '../graphql/errors.ts'
import { type Deadline, timeoutError } from './deadline.ts'
import { InvalidDocumentError } from './preparedDocuments.ts'
import type { RequestLog } from './requestLog.ts'
import type { HttpHints } from './resultBody.ts'

export interface MaskOptions {
  readonly requestTimeoutMs: number
  /** Whether messages may suggest names from the schema. */
  readonly suggestions: boolean
}

export interface MaskContext extends MaskOptions {
  readonly log: RequestLog
  readonly deadline: Deadline
  /** Whether the operation is a mutation. */
  readonly isMutation: boolean
}

/** The errors of one result as clients see them, with their HTTP status. */
export function maskResult(result: ExecutionResult, context: MaskContext): ExecutionResult {
  if (result.errors === undefined) return result
  const requestFailed = result.data === undefined
  const isEmpty = !Object.values(result.data ?? {}).some((value) => value !== null)
  const errors = result.errors.map((error) => toPublicError(error, { ...context, requestFailed, isEmpty }))
  return { ...result, errors }
}

/** The result of a request that failed, not masked yet. */
export function failureOf(error: unknown): ExecutionResult {
  if (error instanceof InvalidDocumentError) return { errors: error.errors }
  if (error instanceof GraphQLError) return { errors: [error] }
  const originalError = error instanceof Error ? error : new Error(String(error))
  return { errors: [new GraphQLError(originalError.message, { originalError })] }
}

/** Maximum length of a message. Messages repeat input, which may be long. */
const MAX_MESSAGE_CHARS = 2000

interface ErrorContext extends MaskContext {
  readonly requestFailed: boolean
  /** The response has no data. */
  readonly isEmpty: boolean
}

function toPublicError(error: GraphQLError, context: ErrorContext): GraphQLError {
  const masked = afterWriting(maskOrTimeout(error, context), context)
  const { code, http: hints, ...extensions } = masked.extensions
  const http = httpOf(code, hints as HttpHints | undefined, context)
  return new GraphQLError(messageOf(masked, context), {
    nodes: masked.nodes ?? null,
    source: masked.source ?? null,
    positions: masked.positions ?? null,
    path: masked.path ?? null,
    extensions: { ...extensions, code, ...(http === undefined ? {} : { http }) },
  })
}

function maskOrTimeout(error: GraphQLError, { log, deadline, requestTimeoutMs }: ErrorContext): GraphQLError {
  const isOurs = error.extensions.code !== undefined || error.originalError instanceof OutcomeUnknownError
  if (isOurs || !deadline.isAborted) return maskError(error, { requestId: log.requestId, log: log.logger })
  log.write(deadline.isExpired ? 'warn' : 'debug', { path: error.path, err: error.originalError }, 'aborted request')
  return timeoutError(requestTimeoutMs)
}

/** Codes that say that the request was not processed. */
const NOT_PROCESSED = new Set<unknown>(['TIMEOUT', 'UNAVAILABLE'])

/**
 * An error below a field of a mutation is OUTCOME_UNKNOWN: the mutation has written, and only its
 * result cannot be read.
 */
function afterWriting(error: GraphQLError, { isMutation, log }: ErrorContext): GraphQLError {
  const isBelowMutation = isMutation && (error.path?.length ?? 0) > 1
  if (!isBelowMutation || !NOT_PROCESSED.has(error.extensions.code)) return error
  const { nodes, path } = error
  return maskError(
    new GraphQLError('', { nodes: nodes ?? null, path: path ?? null, originalError: outcomeUnknown(error) }),
    { requestId: log.requestId, log: log.logger },
  )
}

function messageOf({ message }: GraphQLError, { suggestions }: ErrorContext): string {
  const text = suggestions ? message : message.replace(/ ?Did you mean .*\?$/s, '')
  return text.length > MAX_MESSAGE_CHARS ? `${text.slice(0, MAX_MESSAGE_CHARS)} ...` : text
}

function httpOf(
  code: unknown,
  hints: HttpHints | undefined,
  { requestFailed, isEmpty }: ErrorContext,
): HttpHints | undefined {
  // The executor sets 400 for bad variables. A client that accepts JSON only must get 200 for
  // these.
  if (hints?.status === 400) return { spec: true, ...hints }
  if (hints === undefined && isEmpty && code === 'INTERNAL_SERVER_ERROR') return { status: 500 }
  return hints !== undefined || !requestFailed ? hints : { spec: true, status: 400 }
}
