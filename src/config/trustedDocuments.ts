// The manifest of the only operations that may be run, read and checked before anything is started. It is JSON: an object with the
// documents by their ids (GraphQL Code Generator's persisted documents), or Relay's and Apollo's { operations: [{ id, body }] }.
import { readFileSync } from 'node:fs'
import { GraphQLError, parse, validate } from 'graphql'
import { z } from 'zod'
import { schema } from '../graphql/schema.ts'

export interface TrustedDocuments {
  /** The documents by their ids; undefined if there is no manifest. */
  readonly documents: ReadonlyMap<string, string> | undefined
  /** Why the server must not start with them, one sentence each. */
  readonly faults: readonly string[]
}

const MANIFEST = z.union([
  z
    .object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) })
    .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body]))),
  z.record(z.string(), z.string()).transform((documents) => new Map(Object.entries(documents))),
])

/** Reads the file that the variable TRUSTED_DOCUMENTS names, and looks whether each document fits the schema. */
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
    const why =
      error instanceof z.ZodError ? 'it must be a JSON object of documents by their ids' : (error as Error).message
    return {
      documents: undefined,
      faults: [`TRUSTED_DOCUMENTS names ${file}, which cannot be used: ${oneLine(why)}.`],
    }
  }
}

/** The first fault of a document; undefined if it has none. */
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
