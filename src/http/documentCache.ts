// Documents that clients send again: kept parsed, and known to be valid. Only what was let run is kept. The memory is shared between callers:
// when it is full, whoever has most of it gives up what it used longest ago, so nobody can take the place of others.
import type { DocumentNode, Token } from 'graphql'
import type { ServerPlugin } from './requestScope.ts'

/** Measured with graphql 16 on Node 20: tokens with their places, and the nodes made of them. */
const TOKEN_BYTES = 550
/** Memory for all documents. */
const CACHE_BYTES = 32 * 1024 * 1024

interface Entry {
  readonly text: string
  readonly document: DocumentNode
  readonly bytes: number
  readonly owner: Owner
}

/** What was added on account of one caller. */
interface Owner {
  readonly caller: string
  bytes: number
  /** In the order of their last use. */
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

  /** Keeps a document on account of `caller`, unless it is too large to be kept. */
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

/** Spares documents that ran before their parsing and validation. To stand behind whatever refuses documents. */
export function keepDocuments(): ServerPlugin {
  const cache = new DocumentCache()
  /** Of documents that are running for the first time. */
  const texts = new WeakMap<DocumentNode, string>()
  const valid = new WeakSet<DocumentNode>()
  const keep = (document: DocumentNode, callerKey: string | undefined): void => {
    const text = texts.get(document)
    if (text === undefined || callerKey === undefined) return
    texts.delete(document)
    valid.add(document)
    cache.add(callerKey, text, document)
  }
  return {
    onParse({ params, setParsedDocument }) {
      const text = params.source.toString()
      const known = cache.get(text)
      if (known) return void setParsedDocument(known)
      return ({ result }) => {
        if (result && !(result instanceof Error)) texts.set(result as DocumentNode, text)
      }
    },
    onValidate({ params, setResult }) {
      if (valid.has(params.documentAST)) setResult([])
    },
    onExecute: ({ args }) => keep(args.document, args.contextValue.scope.callerKey),
    onSubscribe: ({ args }) => keep(args.document, args.contextValue.scope.callerKey),
  }
}
