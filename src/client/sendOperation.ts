// Our own client of the API: sends one operation, hands back what came. Judges nothing: refusals and errors are for the caller.
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core'
import type { GraphQLFormattedError } from 'graphql'

/** A document whose text is known together with the types of its answer and its variables; see codegen.ts. */
export type TypedDocument<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string }

export interface Operation {
  readonly query: string
  readonly variables?: object | undefined
}

/** What came back: the HTTP status and the GraphQL response. `data` is typed as if all went well: look at `errors` first. */
export interface Answer<Data> {
  readonly status: number
  readonly headers: Headers
  readonly data: Data
  readonly errors?: readonly GraphQLFormattedError[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** Something answered, but not the API: a proxy in front of it, or another server. */
export class NotGraphQLResponseError extends Error {
  override readonly name = 'NoApiAnswerError'
  readonly status: number
  readonly headers: Headers

  constructor(endpoint: string, { status, headers }: Pick<Response, 'status' | 'headers'>, text: string) {
    super(`${endpoint} answered with status ${status} and no GraphQL response: ${text.slice(0, 200)}`)
    this.status = status
    this.headers = headers
  }
}

/**
 * Sends to `endpoint`, the whole URL of the API; `signal` gives it up. Rejects only if no GraphQL response came back: with a
 * NoApiAnswerError if something else did, else with what `fetch` rejects with.
 */
export async function sendOperation<Data>(
  endpoint: string,
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer<Data>> {
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

/** The GraphQL response that a text is; undefined if it is none. */
export function graphQLResponse<Data>(text: string): Pick<Answer<Data>, 'data' | 'errors' | 'extensions'> | undefined {
  try {
    const result: unknown = JSON.parse(text)
    const isResponse = typeof result === 'object' && result !== null && ('data' in result || 'errors' in result)
    return isResponse ? (result as Answer<Data>) : undefined
  } catch {
    return undefined
  }
}
