// Lets only those operations run that a manifest lists, by their ids; text is never taken. The manifest is JSON: an object with the
// documents by their ids (GraphQL Code Generator's persisted documents), or Relay's and Apollo's { operations: [{ id, body }] }.
import { readFileSync } from 'node:fs'
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { GraphQLError } from 'graphql'
import { z } from 'zod'
import type { ServerPlugin } from '../requestScope.ts'

/** The manifest cannot be used. The message is complete: print it without a stack trace. */
export class TrustedDocumentsError extends Error {
  override readonly name = 'TrustedDocumentsError'
}

const MANIFEST = z.union([
  z
    .object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) })
    .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body]))),
  z.record(z.string(), z.string()).transform((documents) => new Map(Object.entries(documents))),
])

/** The documents by their ids. @throws TrustedDocumentsError if the file is not there or not a manifest */
export function readTrustedDocuments(file: string): ReadonlyMap<string, string> {
  try {
    return MANIFEST.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const why =
      error instanceof z.ZodError ? 'it must be a JSON object of documents by their ids' : (error as Error).message
    throw new TrustedDocumentsError(`The file ${file} of TRUSTED_DOCUMENTS cannot be used: ${why}.`, { cause: error })
  }
}

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
  // It asks for nothing of the context, but its type cannot say so.
  return plugin as unknown as ServerPlugin
}

interface Apollo {
  readonly sha256Hash?: unknown
}

function refused(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
}
