// A Merkle tree that grows by leaves and keeps only its right edge: RFC 6962, section 2.1.
import { joinSubtrees, nodeHash, requireHash } from './merkleHash.ts'

/** Memory: one hash for each bit of the size that is 1. For proofs, keep tiles (tileTree.ts). */
export class MerkleTree {
  /** The roots of the full subtrees that the tree consists of, the largest first. */
  private readonly subtrees: Buffer[] = []
  private leaves = 0

  /** The number of leaves. */
  get size(): number {
    return this.leaves
  }

  /** @throws RangeError unless the hash has 32 bytes */
  append(leafHash: Buffer): void {
    requireHash(leafHash)
    let hash = leafHash
    // Each trailing bit that is 1 is a full subtree on the right that now gets its sibling.
    for (let rest = this.leaves; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = nodeHash(this.subtrees.pop() as Buffer, hash)
    }
    this.subtrees.push(hash)
    this.leaves += 1
  }

  root(): Buffer {
    return joinSubtrees(this.subtrees)
  }
}
