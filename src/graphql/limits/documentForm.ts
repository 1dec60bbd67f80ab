// Checks the size and the form of a document before it is validated. Its cost is checked before it
// is executed (documentCost.ts).
import { type DocumentNode, GraphQLError, Kind, type SelectionSetNode, type Token, visit } from 'graphql'
import type { DocumentLimits } from './documentLimits.ts'

/** Maximum number of directives on one node of the document. */
const MAX_DIRECTIVES_PER_NODE = 4

/** @throws GraphQLError with the code BAD_USER_INPUT */
export function checkDocumentText(text: string, { bytes: limit }: DocumentLimits): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > limit)
    throw limitError(`The document must have at most ${limit} bytes (got ${bytes}). Pass data in variables.`)
}

/**
 * Checks the limits that do not depend on the schema, in one pass.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function checkDocumentForm(document: DocumentNode, limits: DocumentLimits): void {
  const count = { aliases: 0, directives: 0 }
  visit(document, {
    enter(node) {
      if (node.kind === Kind.SELECTION_SET) count.aliases += repetitions(node)
      if (!('directives' in node) || node.directives === undefined) return
      count.directives += node.directives.length
      if (node.directives.length > MAX_DIRECTIVES_PER_NODE) {
        throw limitError(
          `The document has ${node.directives.length} directives in one place; the limit is ` +
            `${MAX_DIRECTIVES_PER_NODE}.`,
        )
      }
    },
  })
  const labels = { aliases: 'aliases and repeated fields', directives: 'directives' }
  for (const what of ['aliases', 'directives'] as const) {
    if (count[what] > limits[what]) {
      throw limitError(`The document has ${count[what]} ${labels[what]}; the limit is ${limits[what]}.`)
    }
  }
}

function repetitions({ selections }: SelectionSetNode): number {
  const fields = selections.filter((selection) => selection.kind === Kind.FIELD)
  const plain = fields.filter(({ alias }) => alias === undefined)
  return fields.length - new Set(plain.map(({ name }) => name.value)).size
}

export function limitError(message: string, facts: Readonly<Record<string, number>> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...facts } })
}

/** The number of tokens of a parsed document. */
export function tokensOf({ loc }: DocumentNode): number {
  let count = 0
  for (let token: Token | null | undefined = loc?.startToken; token; token = token.next) count += 1
  return count
}
