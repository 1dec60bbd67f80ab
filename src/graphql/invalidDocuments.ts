// Checks the trusted documents against the schema before the server starts.
import { GraphQLError, parse, validate } from 'graphql'
import { schema } from './schema.ts'

/** One sentence for each document that is not valid, with its id and its first error. */
export function invalidDocuments(documents: ReadonlyMap<string, string>): string[] {
  return [...documents].flatMap(([id, text]) => {
    const fault = faultOf(text)
    // It may quote input with line breaks; the next line is the next document.
    return fault === undefined ? [] : [`The document "${id}" is not valid: ${fault.replaceAll(/\s+/g, ' ')}`]
  })
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
