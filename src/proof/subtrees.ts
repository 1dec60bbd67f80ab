// The full subtrees of a Merkle tree, and the ranges of leaves that consist of them.

/** The subtree of the `2 ** level` leaves from `index * 2 ** level` on. */
export interface Subtree {
  readonly level: number
  readonly index: number
}

/** The leaves from `start` up to, not including, `end`. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/**
 * Returns the hash of each subtree, in the same order. It is called once per proof, so that storage
 * can read all of them at once.
 */
export type HashReader = (subtrees: readonly Subtree[]) => Promise<readonly Buffer[]>

/** The full subtrees that a range consists of, from left to right, which is from large to small. */
export function subtreesOf({ start, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = []
  let at = start
  while (at < end) {
    const level = floorLog2(end - at)
    subtrees.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

/** Where RFC 6962, section 2.1 splits a range: after the largest power of two below its length. */
export function splitOf({ start, end }: LeafRange): number {
  return start + 2 ** floorLog2(end - start - 1)
}

/** Exact, while Math.log2 rounds. */
function floorLog2(number: number): number {
  let log = 0
  while (2 ** (log + 1) <= number) log += 1
  return log
}
