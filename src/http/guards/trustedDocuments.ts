// Allows only the documents of a manifest (config/trustedDocuments.ts). Clients send their ids; the
// text of a document is never accepted.
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { GraphQLError } from 'graphql'
import type { GraphQLParams } from 'graphql-yoga'
import type { ServerPlugin } from '../requestScope.ts'

/**
 * The parameter with the id of a document (GraphQL over HTTP, "Persisted Documents"). Apollo's form
 * is accepted too.
 */
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
      notFound: () => refused('No trusted document has this id.'),
      keyNotFound: () => refused(`This server runs trusted documents only. Send the parameter \`${DOCUMENT_ID}\`.`),
      persistedQueryOnly: () =>
        refused(`This server runs trusted documents only. Send the parameter \`${DOCUMENT_ID}\` instead of the text.`),
    },
  })
  return {
    // The plugin does not use the context, but its type does not express that.
    ...(plugin as unknown as ServerPlugin),
    // Yoga reads only the standard parameters from a URL.
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
