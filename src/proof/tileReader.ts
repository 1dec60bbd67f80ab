// Reads the hashes of subtrees from tiles: C2SP tlog-tiles, "Merkle Tree".
import { fullSubtreeHash, HASH_BYTES } from './merkleHash.ts'
import { InvalidProofError } from './proofError.ts'
import type { HashReader, Subtree } from './subtrees.ts'
import { TILE_HEIGHT, TILE_WIDTH, type Tile, tilePath, tileWidth } from './tiles.ts'

/**
 * Returns the hashes of each tile, one after the other, in the order of the tiles. A tile may be
 * wider than asked for, because the tree has grown since; narrower ones are an error.
 */
export type ReadTiles = (tiles: readonly Tile[]) => Promise<readonly (Buffer | undefined)[]>

/**
 * Reads subtrees of the tree of the first `size` leaves. Each proof calls `readTiles` once, with
 * the few tiles it needs: at most two per level of tiles, so 6 at 10 million leaves.
 *
 * @throws InvalidProofError if a tile is missing or too short
 */
export function hashesFromTiles(size: number, readTiles: ReadTiles): HashReader {
  return async (subtrees) => {
    const needed = new Map<string, Tile>()
    for (const subtree of subtrees) {
      const tile = tileOf(subtree, size)
      needed.set(tilePath(tile), tile)
    }
    const tiles = [...needed.values()]
    const contents = tiles.length === 0 ? [] : await readTiles(tiles)
    const byPath = new Map([...needed.keys()].map((path, at) => [path, contents[at]]))
    return subtrees.map((subtree) => {
      const tile = tileOf(subtree, size)
      return hashIn(tile, subtree, byPath.get(tilePath(tile)))
    })
  }
}

/** The tile from which the hash of a subtree follows. */
function tileOf({ level, index }: Subtree, size: number): Tile {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const tile = { level: tileLevel, index: Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH) }
  return { ...tile, width: tileWidth(tile, size) }
}

function hashIn(tile: Tile, { level, index }: Subtree, hashes: Buffer | undefined): Buffer {
  const found = Math.floor((hashes?.length ?? 0) / HASH_BYTES)
  if (hashes === undefined || found < tile.width) {
    throw new InvalidProofError(`${tilePath(tile)} must have ${tile.width} hashes (got ${found}).`)
  }
  const count = 2 ** (level % TILE_HEIGHT)
  const start = (index * count) % TILE_WIDTH
  return fullSubtreeHash(hashes.subarray(start * HASH_BYTES, (start + count) * HASH_BYTES))
}
