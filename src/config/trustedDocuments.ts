// Reads and checks the manifest of trusted documents before the server starts. It is JSON: an object of documents by id (GraphQL Code
// Generator's persisted documents), or { operations: [{ id, body }] } (Relay, Apollo).
import { readFileSync } from 'node:fs'
import { GraphQLError, parse, validate } from 'graphql'
import { z } from 'zod'
import { schema } from '../graphql/schema.ts'

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

/** Reads the file of TRUSTED_DOCUMENTS and validates each document against the schema. */
export function readTrustedDocuments(file: string | undefined): TrustedDocuments {
  if (!file) return { documents: undefined, faults: [] }
  try {
    const documents = MANIFEST.parse(JSON.parse(readFileSync(file, 'utf8')))
    const faults = [...documents].flatMap(([id, text]) => {
      const fault = faultOf(text)
      return fault === undefined
        ? []
        : [`TRUSTED_DOCUMENTS names ${file}, in which the document "${id}" is not valid: ${oneLine(fault)}`]
    })
    return { documents, faults }
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? 'it must be a JSON object of documents by id' : (error as Error).message
    return {
      documents: undefined,
      faults: [`TRUSTED_DOCUMENTS names ${file}, which cannot be used: ${oneLine(reason)}.`],
    }
  }
}

/** The first error of a document; undefined if it is valid. */
function faultOf(text: string): string | undefined {
  try {
    return validate(schema, parse(text), undefined, { maxErrors: 1 })[0]?.message
  } catch (error) {
    if (error instanceof GraphQLError) return error.message
    throw error
  }
}

/** Messages may quote input with line breaks; the next line is the next fault. */
function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ')
}
