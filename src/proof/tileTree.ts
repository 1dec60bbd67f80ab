// A tree of tiles that grows by batches of leaves. It needs the partial tiles only, and returns the
// tiles to store: C2SP tlog-tiles, "Merkle Tree". Where they are stored is not decided here.
import { fullSubtreeHash, HASH_BYTES, joinSubtrees, requireHash } from './merkleHash.ts'
import { subtreesOf } from './subtrees.ts'
import type { ReadTiles } from './tileReader.ts'
import { partialTiles, TILE_WIDTH, type Tile } from './tiles.ts'

/** What a tree needs to grow: at most 255 hashes per level, 32 KB at four billion leaves. */
export interface TileEdge {
  /** The number of leaves. */
  readonly size: number
  /** By level, the hashes of the partial tile, one after the other; empty if it has none. */
  readonly partial: readonly Buffer[]
}

export interface StoredTile extends Tile {
  /** Its hashes, one after the other. */
  readonly hashes: Buffer
}

export interface TileGrowth {
  readonly edge: TileEdge
  /** Tiles that are new or wider than before: each replaces the tile with its level and index. */
  readonly changed: readonly StoredTile[]
}

export const EMPTY_EDGE: TileEdge = { size: 0, partial: [] }

const TILE_BYTES = TILE_WIDTH * HASH_BYTES
const NO_HASHES: Buffer = Buffer.alloc(0)

/**
 * Reads the edge of the tree of the first `size` leaves, for example after a restart. Compare its
 * root with the last checkpoint before the tree grows: a sealer must never sign another history.
 *
 * @throws RangeError if a tile is missing or too short
 */
export async function readEdge(size: number, readTiles: ReadTiles): Promise<TileEdge> {
  const tiles = partialTiles(size)
  const contents = tiles.length === 0 ? [] : await readTiles(tiles)
  const partial: Buffer[] = []
  for (const [at, { level, width }] of tiles.entries()) {
    while (partial.length < level) partial.push(NO_HASHES)
    partial.push((contents[at] ?? NO_HASHES).subarray(0, width * HASH_BYTES))
  }
  const edge = { size, partial }
  requireEdge(edge)
  return edge
}

/**
 * Adds leaves. Batches of thousands are best: a batch writes the partial tile of each level that it
 * changes once.
 *
 * @param leafHashes 32 bytes each, in order
 * @throws RangeError for a hash of another length, or partial tiles that do not fit the size
 */
export function growTiles(edge: TileEdge, leafHashes: readonly Buffer[]): TileGrowth {
  requireEdge(edge)
  leafHashes.forEach(requireHash)
  const partial = [...edge.partial]
  const changed: StoredTile[] = []
  let added = Buffer.concat(leafHashes)
  for (let level = 0; added.length > 0; level += 1) {
    const hashes = Buffer.concat([partial[level] ?? NO_HASHES, added])
    const firstIndex = Math.floor(edge.size / TILE_WIDTH ** (level + 1))
    const full: Buffer[] = []
    for (let at = 0; at < hashes.length; at += TILE_BYTES) {
      const tile = hashes.subarray(at, at + TILE_BYTES)
      changed.push({ level, index: firstIndex + at / TILE_BYTES, width: tile.length / HASH_BYTES, hashes: tile })
      if (tile.length === TILE_BYTES) full.push(fullSubtreeHash(tile))
    }
    // A copy, so that the edge does not keep the memory of the whole batch.
    partial[level] = Buffer.from(hashes.subarray(full.length * TILE_BYTES))
    added = Buffer.concat(full)
  }
  return { edge: { size: edge.size + leafHashes.length, partial }, changed }
}

/** The root of the tree. @throws RangeError for partial tiles that do not fit the size */
export function edgeRoot(edge: TileEdge): Buffer {
  requireEdge(edge)
  const subtrees = edge.partial.toReversed().flatMap((hashes) =>
    subtreesOf({ start: 0, end: hashes.length / HASH_BYTES }).map(({ level, index }) => {
      const bytes = 2 ** level * HASH_BYTES
      return fullSubtreeHash(hashes.subarray(index * bytes, (index + 1) * bytes))
    }),
  )
  return joinSubtrees(subtrees)
}

function requireEdge({ size, partial }: TileEdge): void {
  const widths = new Map(partialTiles(size).map(({ level, width }) => [level, width]))
  const levels = Math.max(partial.length, ...[...widths.keys()].map((level) => level + 1))
  for (let level = 0; level < levels; level += 1) {
    const [bytes, expected] = [partial[level]?.length ?? 0, (widths.get(level) ?? 0) * HASH_BYTES]
    if (bytes === expected) continue
    throw new RangeError(
      `The partial tile of level ${level} must have ${expected} bytes at size ${size} (got ${bytes}).`,
    )
  }
}
