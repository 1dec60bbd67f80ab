// Trees for the tests of src/proof: tiles in memory, and the definition of RFC 6962 as a reference.
import { createHash } from 'node:crypto'
import { leafHash } from '../../src/proof/merkleHash.ts'
import type { HashReader } from '../../src/proof/subtrees.ts'
import { hashesFromTiles } from '../../src/proof/tileReader.ts'
import { type Tile, tilePath } from '../../src/proof/tiles.ts'
import { EMPTY_EDGE, growTiles, type TileEdge } from '../../src/proof/tileTree.ts'

/** The hashes of leaves whose data are the decimal texts of their indexes. */
export function leafHashes(start: number, end: number): Buffer[] {
  return Array.from({ length: end - start }, (_, at) => leafHash(Buffer.from(String(start + at))))
}

/** Keeps the widest tile of each level and index. */
export class TileStore {
  edge: TileEdge = EMPTY_EDGE
  /** The tiles of each call of `read`. */
  readonly reads: (readonly Tile[])[] = []
  private readonly tiles = new Map<string, Buffer>()

  static ofSize(size: number, batch = 5_000): TileStore {
    const store = new TileStore()
    for (let at = 0; at < size; at += batch) store.append(leafHashes(at, Math.min(at + batch, size)))
    return store
  }

  append(leaves: readonly Buffer[]): void {
    const { edge, changed } = growTiles(this.edge, leaves)
    for (const tile of changed) this.tiles.set(keyOf(tile), tile.hashes)
    this.edge = edge
  }

  /** All tiles, by the path they have when they are full. */
  get contents(): ReadonlyMap<string, Buffer> {
    return this.tiles
  }

  readonly read = async (tiles: readonly Tile[]): Promise<(Buffer | undefined)[]> => {
    this.reads.push(tiles)
    return tiles.map((tile) => this.tiles.get(keyOf(tile)))
  }

  hashes(size = this.edge.size): HashReader {
    return hashesFromTiles(size, this.read)
  }
}

function keyOf({ level, index }: Pick<Tile, 'level' | 'index'>): string {
  return tilePath({ level, index, width: 256 })
}

/** MTH of RFC 6962, section 2.1, of leaves that are hashed already. */
export function definedRoot(hashes: readonly Buffer[]): Buffer {
  const [first, ...rest] = hashes
  if (!first) return createHash('sha256').digest()
  if (rest.length === 0) return first
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(definedRoot(hashes.slice(0, split)))
    .update(definedRoot(hashes.slice(split)))
    .digest()
}
