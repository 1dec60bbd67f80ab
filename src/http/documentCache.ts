// A cache of parsed and validated documents. It holds only documents that have been executed.
// Callers share its memory: when it is full, the caller that uses most of it loses its least
// recently used document, so one caller cannot evict the documents of others.
import type { DocumentNode, Token } from 'graphql'
import type { ServerPlugin } from './requestScope.ts'

/**
 * Memory per token: the token with its location, and its share of the nodes. Measured with graphql
 * 16 on Node 20.
 */
const TOKEN_BYTES = 550
/** Maximum memory for all documents. */
const CACHE_BYTES = 32 * 1024 * 1024

interface Entry {
  readonly text: string
  readonly document: DocumentNode
  readonly bytes: number
  readonly owner: Owner
}

/** The documents that one caller added. */
interface Owner {
  readonly caller: string
  bytes: number
  /** Least recently used first. */
  readonly entries: Set<Entry>
}

export class DocumentCache {
  bytes = 0
  private readonly limit: number
  private readonly entries = new Map<string, Entry>()
  private readonly owners = new Map<string, Owner>()

  constructor(limitBytes: number = CACHE_BYTES) {
    this.limit = limitBytes
  }

  get(text: string): DocumentNode | undefined {
    const entry = this.entries.get(text)
    if (entry === undefined) return undefined
    entry.owner.entries.delete(entry)
    entry.owner.entries.add(entry)
    return entry.document
  }

  /**
   * Adds a document and charges it to `caller`. Ignores a document that is larger than the cache.
   */
  add(caller: string, text: string, document: DocumentNode): void {
    const bytes = TOKEN_BYTES * tokensOf(document) + 2 * text.length
    if (bytes > this.limit || this.entries.has(text)) return
    const owner = this.owners.get(caller) ?? { caller, bytes: 0, entries: new Set<Entry>() }
    this.owners.set(caller, owner)
    const entry = { text, document, bytes, owner }
    this.entries.set(text, entry)
    owner.entries.add(entry)
    owner.bytes += bytes
    this.bytes += bytes
    while (this.bytes > this.limit) this.removeOldest(this.largestOwner(owner))
  }

  private largestOwner(first: Owner): Owner {
    let largest = first
    for (const owner of this.owners.values()) if (owner.bytes > largest.bytes) largest = owner
    return largest
  }

  private removeOldest(owner: Owner): void {
    const [entry] = owner.entries
    if (entry === undefined) return
    owner.entries.delete(entry)
    owner.bytes -= entry.bytes
    this.bytes -= entry.bytes
    this.entries.delete(entry.text)
    if (owner.entries.size === 0) this.owners.delete(owner.caller)
  }
}

function tokensOf({ loc }: DocumentNode): number {
  let count = 0
  for (let token: Token | null | undefined = loc?.startToken; token; token = token.next) count += 1
  return count
}

/**
 * Skips parsing and validation for documents that have run before. Must come after the plugins that
 * reject documents.
 */
export function cacheDocuments(): ServerPlugin {
  const cache = new DocumentCache()
  /** The text of documents that are not in the cache yet. */
  const texts = new WeakMap<DocumentNode, string>()
  const valid = new WeakSet<DocumentNode>()
  const add = (document: DocumentNode, callerKey: string | undefined): void => {
    const text = texts.get(document)
    if (text === undefined || callerKey === undefined) return
    texts.delete(document)
    valid.add(document)
    cache.add(callerKey, text, document)
  }
  return {
    onParse({ params, setParsedDocument }) {
      const text = params.source.toString()
      const cached = cache.get(text)
      if (cached) return void setParsedDocument(cached)
      return ({ result }) => {
        if (result && !(result instanceof Error)) texts.set(result as DocumentNode, text)
      }
    },
    onValidate({ params, setResult }) {
      if (valid.has(params.documentAST)) setResult([])
    },
    onExecute: ({ args }) => add(args.document, args.contextValue.scope.callerKey),
    onSubscribe: ({ args }) => add(args.document, args.contextValue.scope.callerKey),
  }
}
