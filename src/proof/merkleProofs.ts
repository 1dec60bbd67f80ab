// Roots and proofs of a Merkle tree from the hashes of its subtrees: RFC 6962, sections 2.1.1 and
// 2.1.2. Each function reads once, also for many proofs.
import { joinSubtrees } from './merkleHash.ts'
import { type HashReader, type LeafRange, splitOf, subtreesOf } from './subtrees.ts'

/** The root of the tree of the first `size` leaves. @throws RangeError */
export async function rootAt(size: number, read: HashReader): Promise<Buffer> {
  requireInteger('size', size, 0, Number.MAX_SAFE_INTEGER)
  return joinSubtrees(await read(subtreesOf({ start: 0, end: size })))
}

/**
 * The proof that the leaf with this zero-based index is in the tree of the first `size` leaves: the
 * hashes from its sibling up to the child of the root.
 *
 * @throws RangeError
 */
export async function inclusionPath(index: number, size: number, read: HashReader): Promise<Buffer[]> {
  const [path] = await inclusionPaths([index], size, read)
  return path as Buffer[]
}

/** The proofs of several leaves, in the order of their indexes. @throws RangeError */
export async function inclusionPaths(indexes: readonly number[], size: number, read: HashReader): Promise<Buffer[][]> {
  requireInteger('size', size, 1, Number.MAX_SAFE_INTEGER)
  const ranges = indexes.map((index) => siblingRanges(index, size))
  return regroup(await hashesOf(ranges.flat(), read), ranges)
}

function siblingRanges(index: number, size: number): LeafRange[] {
  requireInteger('index', index, 0, size - 1)
  const ranges: LeafRange[] = []
  let range: LeafRange = { start: 0, end: size }
  while (range.end - range.start > 1) {
    const split = splitOf(range)
    const [left, right] = halves(range, split)
    ranges.push(index < split ? right : left)
    range = index < split ? left : right
  }
  return ranges.reverse()
}

/**
 * The proof that the tree of the first `size` leaves begins with the tree of the first `oldSize`
 * leaves. It is empty if the sizes are equal, or the old one is 0.
 *
 * @throws RangeError
 */
export async function consistencyPath(oldSize: number, size: number, read: HashReader): Promise<Buffer[]> {
  requireInteger('size', size, 0, Number.MAX_SAFE_INTEGER)
  requireInteger('oldSize', oldSize, 0, size)
  if (oldSize === 0) return []
  const ranges: LeafRange[] = []
  let range: LeafRange = { start: 0, end: size }
  while (range.end !== oldSize) {
    const split = splitOf(range)
    const [left, right] = halves(range, split)
    ranges.push(oldSize <= split ? right : left)
    range = oldSize <= split ? left : right
  }
  // The verifier knows the root of the old tree, but not of a subtree of it.
  if (range.start > 0) ranges.push(range)
  return hashesOf(ranges.reverse(), read)
}

function halves({ start, end }: LeafRange, split: number): [LeafRange, LeafRange] {
  return [
    { start, end: split },
    { start: split, end },
  ]
}

async function hashesOf(ranges: readonly LeafRange[], read: HashReader): Promise<Buffer[]> {
  const subtrees = ranges.map(subtreesOf)
  return regroup(await read(subtrees.flat()), subtrees).map(joinSubtrees)
}

/** Splits a list into lists of the same lengths as `groups`. */
function regroup<Item>(list: readonly Item[], groups: readonly { readonly length: number }[]): Item[][] {
  let at = 0
  return groups.map(({ length }) => {
    at += length
    return list.slice(at - length, at)
  })
}

function requireInteger(name: string, number: number, min: number, max: number): void {
  if (Number.isSafeInteger(number) && number >= min && number <= max) return
  throw new RangeError(`\`${name}\` must be an integer from ${min} to ${max} (got ${number}).`)
}
