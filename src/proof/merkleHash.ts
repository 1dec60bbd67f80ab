// The hashes of a Merkle tree: RFC 6962, section 2.1.
import { hash } from 'node:crypto'

export const HASH_BYTES = 32

/** The root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = hash('sha256', Buffer.alloc(0), 'buffer')

const LEAF_PREFIX = Buffer.of(0)

// Reused for every node, which is safe because hashing is synchronous.
const node = Buffer.alloc(1 + 2 * HASH_BYTES)
node[0] = 1

export function leafHash(data: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF_PREFIX, data]), 'buffer')
}

/** @throws RangeError unless both hashes have 32 bytes */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  requireHash(left)
  requireHash(right)
  node.set(left, 1)
  node.set(right, 1 + HASH_BYTES)
  return hash('sha256', node, 'buffer')
}

/** @throws RangeError unless it has 32 bytes */
export function requireHash(bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES) throw new RangeError(`A hash must have ${HASH_BYTES} bytes (got ${bytes.length}).`)
}

/**
 * The root of a full subtree.
 *
 * @param hashes the hashes of its leaves, one after the other; their number is a power of two
 */
export function fullSubtreeHash(hashes: Buffer): Buffer {
  let level = hashes
  while (level.length > HASH_BYTES) level = hashPairs(level)
  return level
}

/** The hashes of the level above, in order. A last hash without a sibling is left out. */
export function hashPairs(hashes: Buffer): Buffer {
  const above = Buffer.allocUnsafe(Math.floor(hashes.length / (2 * HASH_BYTES)) * HASH_BYTES)
  for (let at = 0; at < above.length; at += HASH_BYTES) {
    hashes.copy(node, 1, 2 * at, 2 * at + 2 * HASH_BYTES)
    hash('sha256', node, 'buffer').copy(above, at)
  }
  return above
}

/**
 * The root of neighboring full subtrees.
 *
 * @param hashes their roots, from left to right, each subtree larger than the next
 */
export function joinSubtrees(hashes: readonly Buffer[]): Buffer {
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right))
}
