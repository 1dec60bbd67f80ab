// Lets only those operations run that a manifest lists (config/trustedDocuments.ts), by their ids; text is never taken.
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { GraphQLError } from 'graphql'
import type { GraphQLParams } from 'graphql-yoga'
import type { ServerPlugin } from '../requestScope.ts'

/** The parameter by which clients name a document (GraphQL over HTTP, "Persisted Documents"); Apollo's form is taken too. */
export const DOCUMENT_ID = 'documentId'

export function trustedDocuments(documents: ReadonlyMap<string, string>): ServerPlugin {
  const plugin = usePersistedOperations({
    extractPersistedOperationId: (params) => {
      const { documentId, extensions } = params as { documentId?: unknown; extensions?: { persistedQuery?: Apollo } }
      const id = documentId ?? extensions?.persistedQuery?.sha256Hash
      return typeof id === 'string' ? id : null
    },
    getPersistedOperation: (id) => documents.get(id) ?? null,
    customErrors: {
      notFound: () => refused('There is no trusted document with this id.'),
      keyNotFound: () => refused(`This server runs trusted documents only: name one by ${DOCUMENT_ID}.`),
      persistedQueryOnly: () =>
        refused(`This server runs trusted documents only: name one by ${DOCUMENT_ID} instead of sending its text.`),
    },
  })
  return {
    // It asks for nothing of the context, but its type cannot say so.
    ...(plugin as unknown as ServerPlugin),
    // Yoga takes no parameters from a URL but its own.
    onRequestParse({ request, url, requestParser, setRequestParser }) {
      const id = request.method === 'GET' ? url.searchParams.get(DOCUMENT_ID) : null
      if (id === null || requestParser === undefined) return
      setRequestParser(async (received) => ({
        ...((await requestParser(received)) as GraphQLParams),
        [DOCUMENT_ID]: id,
      }))
    },
  }
}

interface Apollo {
  readonly sha256Hash?: unknown
}

function refused(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
}
