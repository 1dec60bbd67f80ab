// A cache of documents by their text. Callers share its memory: when it is full, the caller that
// uses most of it loses its least recently used document, so one caller cannot evict the documents
// of others.
import type { DocumentNode } from 'graphql'
import { tokensOf } from '../graphql/limits/documentForm.ts'

/**
 * Memory per token: the token with its location, and its share of the nodes. Measured with graphql
 * 16 on Node 20.
 */
const TOKEN_BYTES = 550
/** Maximum memory for all documents. */
const CACHE_BYTES = 32 * 1024 * 1024

interface Cacheable {
  readonly text: string
  readonly document: DocumentNode
}

interface Entry<Value> {
  readonly value: Value
  readonly bytes: number
  readonly owner: Owner<Value>
}

/** The documents that one caller added. */
interface Owner<Value> {
  readonly caller: string
  bytes: number
  /** Least recently used first. */
  readonly entries: Set<Entry<Value>>
}

export class DocumentCache<Value extends Cacheable> {
  bytes = 0
  private readonly limit: number
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly owners = new Map<string, Owner<Value>>()

  constructor(limitBytes: number = CACHE_BYTES) {
    this.limit = limitBytes
  }

  get(text: string): Value | undefined {
    const entry = this.entries.get(text)
    if (entry === undefined) return undefined
    entry.owner.entries.delete(entry)
    entry.owner.entries.add(entry)
    return entry.value
  }

  /**
   * Adds a document and charges it to `caller`. Ignores a document that is larger than the cache.
   */
  add(caller: string, value: Value): void {
    const { text, document } = value
    const bytes = TOKEN_BYTES * tokensOf(document) + 2 * text.length
    if (bytes > this.limit || this.entries.has(text)) return
    const owner = this.owners.get(caller) ?? { caller, bytes: 0, entries: new Set<Entry<Value>>() }
    this.owners.set(caller, owner)
    const entry = { value, bytes, owner }
    this.entries.set(text, entry)
    owner.entries.add(entry)
    owner.bytes += bytes
    this.bytes += bytes
    while (this.bytes > this.limit) this.removeOldest(this.largestOwner(owner))
  }

  private largestOwner(first: Owner<Value>): Owner<Value> {
    let largest = first
    for (const owner of this.owners.values()) if (owner.bytes > largest.bytes) largest = owner
    return largest
  }

  private removeOldest(owner: Owner<Value>): void {
    const [entry] = owner.entries
    if (entry === undefined) return
    owner.entries.delete(entry)
    owner.bytes -= entry.bytes
    this.bytes -= entry.bytes
    this.entries.delete(entry.value.text)
    if (owner.entries.size === 0) this.owners.delete(owner.caller)
  }
}
