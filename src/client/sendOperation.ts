// A minimal GraphQL client: sends one operation and returns the response. Callers handle errors.
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core'
import type { GraphQLFormattedError } from 'graphql'

/** A document with the types of its data and variables; see codegen.ts. */
export type TypedDocument<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string }

export interface Operation {
  readonly query: string
  readonly variables?: object | undefined
}

/**
 * The HTTP status and the GraphQL response. Check `errors` first: `data` is typed as if the request
 * succeeded.
 */
export interface ApiResponse<Data> {
  readonly status: number
  readonly headers: Headers
  readonly data: Data
  readonly errors?: readonly GraphQLFormattedError[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** The response is not from the API, but from a proxy in front of it or another server. */
export class NotGraphQLResponseError extends Error {
  override readonly name = 'NotGraphQLResponseError'
  readonly status: number
  readonly headers: Headers

  constructor(endpoint: string, { status, headers }: Pick<Response, 'status' | 'headers'>, text: string) {
    super(`${endpoint} responded with status ${status} and no GraphQL response: ${text.slice(0, 200)}`)
    this.status = status
    this.headers = headers
  }
}

/**
 * Sends to `endpoint`, the full URL of the API, until `signal` is aborted. Rejects only without a
 * GraphQL response: with NotGraphQLResponseError for another response, else with the error of
 * `fetch`.
 */
export async function sendOperation<Data>(
  endpoint: string,
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<ApiResponse<Data>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    ...(signal && { signal }),
  })
  const text = await response.text()
  const result = graphQLResponse<Data>(text)
  if (result === undefined) throw new NotGraphQLResponseError(endpoint, response, text)
  return { ...result, status: response.status, headers: response.headers }
}

/** Parses a GraphQL response; undefined if `text` is not one. */
export function graphQLResponse<Data>(
  text: string,
): Pick<ApiResponse<Data>, 'data' | 'errors' | 'extensions'> | undefined {
  try {
    const result: unknown = JSON.parse(text)
    const isResponse = typeof result === 'object' && result !== null && ('data' in result || 'errors' in result)
    return isResponse ? (result as ApiResponse<Data>) : undefined
  } catch {
    return undefined
  }
}
