// Allows only the documents of a manifest (config/trustedDocuments.ts). Clients send their ids; the
// text of a document is never accepted.
import { GraphQLError } from 'graphql'
import { DOCUMENT_ID, type RawParameters } from './parameters.ts'

/**
 * Replaces the id of a document by its text. Apollo's form of the id is accepted too.
 *
 * @throws GraphQLError with the code FORBIDDEN
 */
export function trustedDocument(given: RawParameters, documents: ReadonlyMap<string, string>): RawParameters {
  const { operationName, variables, extensions } = given
  if (given.query)
    throw refused(`This server runs trusted documents only. Send the parameter \`${DOCUMENT_ID}\` instead of the text.`)
  const id = given[DOCUMENT_ID] ?? (extensions as ApolloExtensions)?.persistedQuery?.sha256Hash
  if (typeof id !== 'string')
    throw refused(`This server runs trusted documents only. Send the parameter \`${DOCUMENT_ID}\`.`)
  const query = documents.get(id)
  if (query === undefined) throw refused('No trusted document has this id.')
  return { query, operationName, variables, extensions }
}

/**
 * The parameters with the text of one of our own documents; undefined if they name no such
 * document.
 */
export function ownDocument(given: RawParameters, documents: ReadonlyMap<string, string>): RawParameters | undefined {
  const { query: otherText, [DOCUMENT_ID]: id, ...others } = given
  const query = otherText == null && typeof id === 'string' ? documents.get(id) : undefined
  return query === undefined ? undefined : { ...others, query }
}

type ApolloExtensions = { readonly persistedQuery?: { readonly sha256Hash?: unknown } } | null | undefined

function refused(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
}
