// How large and how costly the operations of clients may be, and the refusals of those that are larger: before validation by the
// form of the document, before execution by what it could touch (documentCost.ts).
import { type DocumentNode, GraphQLError, Kind, type SelectionSetNode, visit } from 'graphql'

export interface DocumentLimits {
  /** Of UTF-8, the text of the document. */
  readonly bytes: number
  readonly tokens: number
  /** Fields within fields; a field of Query is at depth 1. */
  readonly depth: number
  /** Fields that are asked for under another name, or once more in the same place. */
  readonly aliases: number
  readonly directives: number
  /** Nodes (jobs, records, results, items of a batch) that an operation could touch. */
  readonly cost: number
}

// Generous for clients (a page of 100 with 20 records each, whose jobs have 20 records each, costs 44,100), narrow for abuse (pages of 100
// throughout cost over a million).
export const DEFAULT_DOCUMENT_LIMITS: DocumentLimits = {
  bytes: 256 * 1024,
  tokens: 2000,
  depth: 15,
  aliases: 100,
  directives: 50,
  cost: 50_000,
}

/** More than so many directives in one place are never meant. */
const DIRECTIVES_AT_ONE_PLACE = 4

/** @throws GraphQLError with the code BAD_USER_INPUT */
export function checkDocumentText(text: string, { bytes: limit }: DocumentLimits): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > limit)
    throw tooMuch(`The document is ${bytes} bytes long; the limit is ${limit}. Put data into variables.`)
}

/** What a document may not have, whatever the schema is. Looks at each part of the text once. @throws GraphQLError, see above */
export function checkDocumentForm(document: DocumentNode, limits: DocumentLimits): void {
  const count = { aliases: 0, directives: 0 }
  visit(document, {
    enter(node) {
      if (node.kind === Kind.SELECTION_SET) count.aliases += repetitions(node)
      if (!('directives' in node) || node.directives === undefined) return
      count.directives += node.directives.length
      if (node.directives.length > DIRECTIVES_AT_ONE_PLACE) {
        throw tooMuch(
          `There are ${node.directives.length} directives in one place; the limit is ${DIRECTIVES_AT_ONE_PLACE}.`,
        )
      }
    },
  })
  const told = { aliases: 'aliases and repeated fields', directives: 'directives' }
  for (const what of ['aliases', 'directives'] as const) {
    if (count[what] > limits[what]) {
      throw tooMuch(`The document has ${count[what]} ${told[what]}; the limit is ${limits[what]}.`)
    }
  }
}

function repetitions({ selections }: SelectionSetNode): number {
  const fields = selections.filter((selection) => selection.kind === Kind.FIELD)
  const plain = fields.filter(({ alias }) => alias === undefined)
  return fields.length - new Set(plain.map(({ name }) => name.value)).size
}

export function tooMuch(message: string, facts: Readonly<Record<string, number>> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...facts } })
}
