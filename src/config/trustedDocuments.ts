// Reads the manifest of trusted documents. It is JSON: an object of documents by id (GraphQL Code
// Generator's persisted documents), or { operations: [{ id, body }] } (Relay, Apollo). Must not
// import the schema, which most commands do not need; graphql/invalidDocuments.ts checks the
// documents.
import { readFileSync } from 'node:fs'
import { z } from 'zod'

export interface TrustedDocuments {
  /** The documents by id; undefined without a manifest. */
  readonly documents: ReadonlyMap<string, string> | undefined
  /** Errors that must prevent the server from starting, one sentence each. */
  readonly faults: readonly string[]
}

const MANIFEST = z.union([
  z
    .object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) })
    .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body]))),
  z.record(z.string(), z.string()).transform((documents) => new Map(Object.entries(documents))),
])

/** Reads the file of TRUSTED_DOCUMENTS. */
export function readTrustedDocuments(file: string | undefined): TrustedDocuments {
  if (!file) return { documents: undefined, faults: [] }
  try {
    return { documents: MANIFEST.parse(JSON.parse(readFileSync(file, 'utf8'))), faults: [] }
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? 'it must be a JSON object of documents by id' : (error as Error).message
    return {
      documents: undefined,
      faults: [`TRUSTED_DOCUMENTS names ${file}, which cannot be used: ${oneLine(reason)}.`],
    }
  }
}

/** Messages may quote input with line breaks; the next line is the next fault. */
function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ')
}
