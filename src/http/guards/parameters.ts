// The request parameters, from the body or the URL (GraphQL over HTTP, "Request Parameters").
import { isUtf8 } from 'node:buffer'
import { badRequest } from './badRequest.ts'
import { parseBoundedJson } from './boundedJson.ts'

/** The parameters as the client sent them. */
export type RawParameters = Readonly<Record<string, unknown>>

export interface Parameters {
  /** The text of the document. */
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
}

/**
 * The parameter with the id of a trusted document (GraphQL over HTTP, "Persisted Documents").
 */
export const DOCUMENT_ID = 'documentId'

const TYPES = {
  query: 'a string',
  variables: 'an object',
  operationName: 'a string',
  extensions: 'an object',
} as const
const NAMES = Object.keys(TYPES) as (keyof typeof TYPES)[]

/**
 * The parameters in a body, which must be one JSON object.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function parametersInBody(body: Buffer): RawParameters {
  // Decoding invalid UTF-8 would change the text.
  if (!isUtf8(body)) throw badRequest('The body must be valid UTF-8.')
  const text = body.toString()
  if (text.trim() === '')
    throw badRequest('The body must be a JSON object with the parameter `query` (got an empty body).')
  const parameters = parseBoundedJson(text, 'The body')
  const type = typeOf(parameters)
  if (type === 'an object') return parameters as RawParameters
  const hint = type === 'an array' ? ' Batches are not supported: send each operation in a request of its own.' : ''
  throw badRequest(`The body must be a JSON object with the parameter \`query\` (got ${type}).${hint}`)
}

/**
 * The parameters in the query of a URL. Empty ones count as missing, unknown ones are ignored.
 * `documentIds`: whether the server has trusted documents.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function parametersInUrl(url: string, documentIds: boolean): RawParameters {
  const search = new URLSearchParams(url.slice(url.indexOf('?') + 1))
  const textOf = (name: string): string | undefined => search.get(name) || undefined
  const jsonOf = (name: string): unknown => {
    const text = textOf(name)
    return text === undefined ? undefined : parseBoundedJson(text, `The URL parameter \`${name}\``)
  }
  return {
    operationName: textOf('operationName'),
    query: textOf('query'),
    variables: jsonOf('variables'),
    extensions: jsonOf('extensions'),
    ...(documentIds && { [DOCUMENT_ID]: search.get(DOCUMENT_ID) ?? undefined }),
  }
}

/**
 * Checks the names and types of the parameters. `documentIds`: whether the server has trusted
 * documents.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function checkParameters(given: RawParameters, documentIds: boolean): Parameters {
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name as keyof typeof TYPES) && given[name] != null)
  if (unknown !== undefined) {
    const names = [...NAMES, ...(documentIds ? [DOCUMENT_ID] : [])]
    throw badRequest(`${JSON.stringify(unknown)} is not a request parameter. The parameters are ${names.join(', ')}.`)
  }
  if (given.query == null) throw badRequest('The parameter `query` is required: the text of a GraphQL document.')
  for (const name of NAMES) {
    const value = given[name]
    if (value != null && typeOf(value) !== TYPES[name])
      throw badRequest(`\`${name}\` must be ${TYPES[name]} (got ${typeOf(value)}).`)
  }
  const { query, variables, operationName } = given as Partial<Parameters> & { query: string }
  return { query, variables: variables ?? {}, operationName: operationName ?? undefined }
}

/** The type of a JSON value, with its article. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
