// Reads the hashes of subtrees from tiles: C2SP tlog-tiles, "Merkle Tree".
import { HASH_BYTES, hashPairs } from './merkleHash.ts'
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
 * the few tiles it needs: at most two per level of tiles, so 6 at 10 million leaves. Proofs of one
 * call of `inclusionPaths` share them.
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
    const read = new Map(tiles.map((tile, at) => [tilePath(tile), new TileHashes(tile, contents[at])]))
    return subtrees.map((subtree) => (read.get(tilePath(tileOf(subtree, size))) as TileHashes).hashOf(subtree))
  }
}

/** The tile from which the hash of a subtree follows. */
function tileOf({ level, index }: Subtree, size: number): Tile {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const tile = { level: tileLevel, index: Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH) }
  return { ...tile, width: tileWidth(tile, size) }
}

/** The hashes of a tile and of the levels of the tree above them, each computed once. */
class TileHashes {
  private readonly levels: Buffer[]

  /** @throws InvalidProofError */
  constructor(tile: Tile, hashes: Buffer | undefined) {
    const found = Math.floor((hashes?.length ?? 0) / HASH_BYTES)
    if (hashes === undefined || found < tile.width) {
      throw new InvalidProofError(`${tilePath(tile)} must have ${tile.width} hashes (got ${found}).`)
    }
    this.levels = [hashes]
  }

  hashOf({ level, index }: Subtree): Buffer {
    const at = (index % 2 ** (TILE_HEIGHT - (level % TILE_HEIGHT))) * HASH_BYTES
    return this.levelAt(level % TILE_HEIGHT).subarray(at, at + HASH_BYTES)
  }

  private levelAt(height: number): Buffer {
    const known = this.levels[height]
    if (known) return known
    const level = hashPairs(this.levelAt(height - 1))
    this.levels.push(level)
    return level
  }
}
