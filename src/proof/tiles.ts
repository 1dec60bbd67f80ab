// The tiles of a log, their widths and paths: C2SP tlog-tiles, "Merkle Tree" and "Partial Tiles".
import { InvalidProofError } from './proofError.ts'

/** The levels of the tree in a tile. */
export const TILE_HEIGHT = 8
/** The number of hashes in a full tile. */
export const TILE_WIDTH = 256

/**
 * Consecutive hashes at level `8 * level` of the tree, beginning with the hash `256 * index`. The
 * tiles of level 0 have the hashes of the leaves.
 */
export interface Tile {
  readonly level: number
  readonly index: number
  /** The number of hashes, 1 to 256. A tile of fewer than 256 is partial. */
  readonly width: number
}

const PATH = /^tile\/(0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** The path below the prefix of the log, such as `tile/0/x001/x234/067.p/8`: no leading slash. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.replaceAll(/\d{3}(?=\d)/g, 'x$&/')
  return `tile/${level}/${groups}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** @throws InvalidProofError unless `path` is what `tilePath` returns for some tile */
export function parseTilePath(path: string): Tile {
  const [, level, groups = '', width = String(TILE_WIDTH)] = PATH.exec(path) ?? []
  const tile = { level: Number(level), index: Number(groups.replaceAll(/[x/]/g, '')), width: Number(width) }
  const isTile = tile.level < 64 && Number.isSafeInteger(tile.index) && tilePath(tile) === path
  if (!isTile) throw new InvalidProofError(`"${path.slice(0, 100)}" is not the path of a tile.`)
  return tile
}

/** The number of hashes that a tree of `size` leaves has in a tile, 0 to 256. */
export function tileWidth({ level, index }: Pick<Tile, 'level' | 'index'>, size: number): number {
  return Math.min(Math.max(hashesAt(level, size) - index * TILE_WIDTH, 0), TILE_WIDTH)
}

/** The partial tiles of a tree of `size` leaves, at most one per level, the lowest level first. */
export function partialTiles(size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, size) > 0; level += 1) {
    const hashes = hashesAt(level, size)
    if (hashes % TILE_WIDTH > 0) {
      tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH })
    }
  }
  return tiles
}

/** The tiles that a tree gets by growing to `size` leaves, in order of level and index. */
export function changedTiles(oldSize: number, size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, size) > hashesAt(level, oldSize); level += 1) {
    const end = hashesAt(level, size) / TILE_WIDTH
    for (let index = Math.floor(hashesAt(level, oldSize) / TILE_WIDTH); index < end; index += 1) {
      tiles.push({ level, index, width: tileWidth({ level, index }, size) })
    }
  }
  return tiles
}

/** The number of hashes at the lowest level of the tiles of a level. */
function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}
