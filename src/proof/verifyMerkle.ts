// The verification of proofs of a Merkle tree, as in RFC 9162, sections 2.1.3.2 and 2.1.4.2, whose
// trees and proofs are those of RFC 6962. A proof must have exactly the hashes that the sizes
// require, and each of them is checked: a verifier that ignores one accepts forged histories.
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './merkleHash.ts'
import { InvalidProofError } from './proofError.ts'

export interface Inclusion {
  /** Zero-based index of the leaf. */
  readonly index: number
  /** The number of leaves of the tree. */
  readonly size: number
  readonly leafHash: Buffer
  readonly root: Buffer
  /** From the sibling of the leaf up to the child of the root. */
  readonly path: readonly Buffer[]
}

export interface Consistency {
  readonly oldSize: number
  readonly oldRoot: Buffer
  readonly size: number
  readonly root: Buffer
  readonly path: readonly Buffer[]
}

/** @throws InvalidProofError unless the tree with this root has the leaf at this index */
export function verifyInclusion({ index, size, leafHash, root, path }: Inclusion): void {
  const isIndex = Number.isSafeInteger(size) && Number.isSafeInteger(index) && index >= 0 && index < size
  if (!isIndex) throw new InvalidProofError(`A tree of ${size} leaves has no leaf ${index}.`)
  requireHashes([leafHash, root, ...path])
  const position = new Position(index, size - 1)
  let hash = leafHash
  for (const sibling of path) {
    requireMore(position)
    hash = position.isRight ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
    position.ascend()
  }
  requireRoot(position)
  if (!hash.equals(root)) throw new InvalidProofError('The inclusion proof leads to another root.')
}

/** @throws InvalidProofError unless the tree begins with the leaves of the old tree */
export function verifyConsistency(consistency: Consistency): void {
  const { oldSize, oldRoot, size, root, path } = consistency
  const areSizes = Number.isSafeInteger(oldSize) && Number.isSafeInteger(size) && oldSize >= 0 && oldSize <= size
  if (!areSizes) throw new InvalidProofError(`A tree of ${size} leaves cannot begin with a tree of ${oldSize}.`)
  requireHashes([oldRoot, root, ...path])
  if (oldSize > 0 && oldSize < size) {
    verifyGrowth(consistency)
    return
  }
  if (path.length > 0) throw new InvalidProofError('The proof has too many hashes.')
  if (!oldRoot.equals(oldSize === size ? root : EMPTY_ROOT)) {
    throw new InvalidProofError('The old tree has another root.')
  }
}

function verifyGrowth({ oldSize, oldRoot, size, root, path }: Consistency): void {
  const position = new Position(oldSize - 1, size - 1)
  position.skipRight()
  // An old tree that is one full subtree is itself where the path begins.
  const [start, ...siblings] = position.index === 0 ? [oldRoot, ...path] : path
  if (start === undefined) throw new InvalidProofError('The proof has too few hashes.')
  let [oldHash, hash] = [start, start]
  for (const sibling of siblings) {
    requireMore(position)
    if (position.isRight) {
      oldHash = nodeHash(sibling, oldHash)
      hash = nodeHash(sibling, hash)
    } else hash = nodeHash(hash, sibling)
    position.ascend()
  }
  requireRoot(position)
  if (!oldHash.equals(oldRoot)) throw new InvalidProofError('The consistency proof leads to another old root.')
  if (!hash.equals(root)) throw new InvalidProofError('The consistency proof leads to another root.')
}

/** A node on the way to the root. Arithmetic, because bit operations have only 32 bits. */
class Position {
  /** Its index in its level. */
  index: number
  /** The index of the last node of the level. */
  private last: number

  constructor(index: number, last: number) {
    this.index = index
    this.last = last
  }

  get isAtRoot(): boolean {
    return this.last === 0
  }

  /** Its sibling is on the left. The last node of a level may have none until further up. */
  get isRight(): boolean {
    return this.index % 2 === 1 || this.index === this.last
  }

  ascend(): void {
    // The last node of a level without a sibling is the same node one level up.
    if (this.index === this.last) while (this.index % 2 === 0 && this.index > 0) this.shift()
    this.shift()
  }

  /** Ascends while the node is a right child: to the root of the last full subtree. */
  skipRight(): void {
    while (this.index % 2 === 1) this.shift()
  }

  private shift(): void {
    this.index = Math.floor(this.index / 2)
    this.last = Math.floor(this.last / 2)
  }
}

function requireMore(position: Position): void {
  if (position.isAtRoot) throw new InvalidProofError('The proof has too many hashes.')
}

function requireRoot(position: Position): void {
  if (!position.isAtRoot) throw new InvalidProofError('The proof has too few hashes.')
}

function requireHashes(hashes: readonly Buffer[]): void {
  for (const { length } of hashes) {
    if (length !== HASH_BYTES) throw new InvalidProofError(`A hash must have ${HASH_BYTES} bytes (got ${length}).`)
  }
}
