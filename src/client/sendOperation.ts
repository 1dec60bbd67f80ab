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

/** Sends to `endpoint`, the whole URL of the API. Rejects only if no GraphQL response came back. */
export async function sendOperation<Data>(
  endpoint: string,
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Data>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
  })
  const text = await response.text()
  if (!response.headers.get('content-type')?.includes('json')) {
    throw new Error(`${endpoint} answered with status ${response.status} and no JSON: ${text.slice(0, 200)}`)
  }
  const result = JSON.parse(text) as Pick<Answer<Data>, 'data' | 'errors' | 'extensions'>
  return { ...result, status: response.status, headers: response.headers }
}
