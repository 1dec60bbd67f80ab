// The limits of documents and their defaults. The settings import this file, so it must not import
// graphql.
export interface DocumentLimits {
  /** Maximum size of the document, in bytes of UTF-8. */
  readonly bytes: number
  readonly tokens: number
  /** Maximum depth of nested fields; a field of Query has depth 1. */
  readonly depth: number
  /** Maximum number of fields with an alias, or repeated in the same selection set. */
  readonly aliases: number
  readonly directives: number
  /**
   * Maximum number of nodes (jobs, records, results, items of a batch) that an operation could
   * touch.
   */
  readonly cost: number
}

// Wide enough for clients (a page of 100 jobs with 20 records each, whose jobs show 20 records
// each, costs 44,100), too narrow for abuse (pages of 100 at every level cost over a million).
export const DEFAULT_DOCUMENT_LIMITS: DocumentLimits = {
  bytes: 256 * 1024,
  tokens: 2000,
  depth: 15,
  aliases: 100,
  directives: 50,
  cost: 50_000,
}
