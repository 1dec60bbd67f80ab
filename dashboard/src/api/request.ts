// Sends operations to the API of the server that the page comes from.
import type { DocumentId } from './documents.generated.ts'
import { exactJson } from './exactJson.ts'
import { endSession } from './session.ts'

const ENDPOINT = '/graphql'

/** The API refused a request or did not respond. The message explains it to a person. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string

  constructor(message: string, { code, ...options }: ErrorOptions & { code: string }) {
    super(message, options)
    this.code = code
  }
}

/** Whether the API refuses what was asked for. Asking again does not help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 'BAD_USER_INPUT' || error.code === 'FORBIDDEN')
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export interface PostOptions {
  readonly signal?: AbortSignal
  /** Instead of the session: the value of the header. */
  readonly authorization?: string
}

export function errorOf({ message, extensions }: Failure): ApiError {
  // A server of another version does not have the operations of this page.
  const isOutdated = /documentId|trusted document/.test(message)
  if (isOutdated) return new ApiError('The server has been updated. Reload the page.', { code: 'OUTDATED' })
  return new ApiError(message, { code: extensions?.code ?? 'UNKNOWN' })
}

/** The first error of a response. */
export function failureIn(text: string): Failure | undefined {
  return (exactJson(text) as { errors?: readonly Failure[] } | undefined)?.errors?.[0]
}

export interface Failure {
  readonly message: string
  readonly extensions?: { readonly code?: string }
}

/** @throws ApiError; the reason of `signal` if it is aborted */
export async function request<Data, Variables>(
  document: DocumentId<Data, Variables>,
  variables: Variables,
  options: PostOptions = {},
): Promise<Data> {
  const response = await post(bodyOf(document, variables), 'application/json', options)
  const result = exactJson(await response.text()) as { data?: Data; errors?: readonly Failure[] } | undefined
  const failure = result?.errors?.[0]
  if (failure?.extensions?.code === 'UNAUTHENTICATED' && options.authorization === undefined)
    endSession(failure.message)
  if (failure !== undefined) throw errorOf(failure)
  if (result?.data == null)
    throw new ApiError(`The server answered with status ${response.status}.`, { code: 'UNKNOWN' })
  return result.data
}

export function bodyOf<Data, Variables>(document: DocumentId<Data, Variables>, variables: Variables): string {
  return JSON.stringify({ documentId: document.id, variables })
}

/** @throws ApiError without a response; the reason of `signal` if it is aborted */
export async function post(
  body: string,
  accept: string,
  { signal, authorization }: PostOptions = {},
): Promise<Response> {
  try {
    const headers = { 'content-type': 'application/json', accept, ...(authorization && { authorization }) }
    return await fetch(ENDPOINT, { method: 'POST', headers, body, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw new ApiError('The server cannot be reached.', { code: 'UNREACHABLE', cause: error })
  }
}
