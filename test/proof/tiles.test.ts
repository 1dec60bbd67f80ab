// Tiles: their paths, their widths, and trees that grow by them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { consistencyPath, inclusionPath, inclusionPaths, rootAt } from '../../src/proof/merkleProofs.ts'
import { changedTiles, parseTilePath, partialTiles, tilePath, tileWidth } from '../../src/proof/tiles.ts'
import { EMPTY_EDGE, edgeRoot, growTiles, readEdge } from '../../src/proof/tileTree.ts'
import { definedRoot, leafHashes, TileStore } from '../support/tileStore.ts'

const SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000]

describe('paths of tiles', () => {
  it.each([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/000.p/1', { level: 0, index: 0, width: 1 }],
    ['tile/1/999.p/255', { level: 1, index: 999, width: 255 }],
    ['tile/0/x001/000', { level: 0, index: 1_000, width: 256 }],
    ['tile/2/x001/x234/067', { level: 2, index: 1_234_067, width: 256 }],
    ['tile/63/x001/x234/067.p/8', { level: 63, index: 1_234_067, width: 8 }],
  ])('write and read %s', (path, tile) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  it('survive a round trip for any tile', () => {
    const tiles = fc.record({
      level: fc.nat({ max: 63 }),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile)
      }),
    )
  })

  it.each([
    '/tile/0/000',
    'tile/0/000/',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/234',
    'tile/0/x001',
    'tile/0/X001/234',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000.p/1\n',
    'tile/8/0/000',
    'tile/entries/000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/٠٠٠',
    '',
  ])('are refused: %j', (path) => {
    expect(() => parseTilePath(path)).toThrow('is not the path of a tile.')
  })
})

describe('widths of tiles', () => {
  it('are those of the example of the specification', () => {
    const count = (isCounted: (tile: { level: number; width: number }) => boolean) =>
      changedTiles(0, 70_000).filter(isCounted).length
    expect(count(({ level, width }) => level === 0 && width === 256)).toBe(273)
    expect(count(({ level, width }) => level === 1 && width === 256)).toBe(1)
    expect(partialTiles(70_000).map(tilePath)).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
    expect(changedTiles(0, 256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect(partialTiles(0)).toEqual([])
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }])
    expect(partialTiles(65_536)).toEqual([{ level: 2, index: 0, width: 1 }])
  })

  it('are 0 beyond the tree', () => {
    expect(tileWidth({ level: 0, index: 1 }, 256)).toBe(0)
    expect(tileWidth({ level: 0, index: 1 }, 257)).toBe(1)
    expect(tileWidth({ level: 5, index: 0 }, 70_000)).toBe(0)
    expect(tileWidth({ level: 0, index: 2 ** 40 }, 2 ** 48 + 3)).toBe(3)
  })
})

describe('a tree of tiles', () => {
  const leaves = leafHashes(0, 70_000)
  const grown = TileStore.ofSize(70_000)

  it('has the same tiles, roots and edges however it grows', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 200, max: 600 })), {
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(sizes, async (batches) => {
        const store = new TileStore()
        for (const batch of batches) {
          const before = store.edge
          const { edge, changed } = growTiles(before, leafHashes(before.size, before.size + batch))
          expect(changed.map(tilePath)).toEqual(changedTiles(before.size, edge.size).map(tilePath))
          expect(changed.every(({ hashes, width }) => hashes.length === width * 32)).toBe(true)
          store.append(leafHashes(before.size, before.size + batch))
          expect(await readEdge(store.edge.size, store.read)).toEqual({
            ...store.edge,
            partial: store.edge.partial.slice(0, store.edge.partial.findLastIndex(({ length }) => length > 0) + 1),
          })
        }
        const { size } = store.edge
        expect(store.contents).toEqual(TileStore.ofSize(size).contents)
        expect(edgeRoot(store.edge)).toEqual(definedRoot(leafHashes(0, size)))
      }),
      { numRuns: 40 },
    )
  })

  it.each(SIZES)('reads the root of its first %i leaves from tiles that have grown since', async (size) => {
    const root = definedRoot(leaves.slice(0, size))
    expect(await rootAt(size, grown.hashes(size))).toEqual(root)
    expect(edgeRoot(await readEdge(size, grown.read))).toEqual(root)
  })

  it('reads at most two tiles per level for a proof, at once', async () => {
    for (const index of [0, 255, 256, 65_535, 65_536, 69_998]) {
      grown.reads.length = 0
      await inclusionPath(index, 70_000, grown.hashes())
      await consistencyPath(index + 1, 70_000, grown.hashes())
      expect(grown.reads).toHaveLength(2)
      for (const tiles of grown.reads) expect(tiles.length).toBeLessThanOrEqual(6)
    }
  })

  it('reads the tiles of many proofs once', async () => {
    const indexes = [0, 1, 255, 256, 300, 65_535, 65_536, 69_999, 1]
    const each = await Promise.all(indexes.map((index) => inclusionPath(index, 70_000, grown.hashes())))
    grown.reads.length = 0
    expect(await inclusionPaths(indexes, 70_000, grown.hashes())).toEqual(each)
    expect(grown.reads).toHaveLength(1)
    const paths = grown.reads.flat().map(tilePath)
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.length).toBeLessThanOrEqual(10)
    await expect(inclusionPaths([0, 70_000], 70_000, grown.hashes())).rejects.toThrow('(got 70000)')
  })

  it('refuses tiles that are missing or too short', async () => {
    const store = TileStore.ofSize(300)
    const read = store.hashes(600)
    await expect(inclusionPath(0, 600, read)).rejects.toThrow('tile/1/000.p/2 must have 2 hashes (got 1).')
    await expect(inclusionPath(0, 512, store.hashes(512))).rejects.toThrow('tile/1/000.p/2 must have 2 hashes (got 1).')
    await expect(inclusionPath(0, 301, store.hashes(301))).rejects.toThrow(
      'tile/0/001.p/45 must have 45 hashes (got 44).',
    )
    await expect(rootAt(65_536 * 2, store.hashes(65_536 * 2))).rejects.toThrow('must have 2 hashes (got 0).')
    await expect(readEdge(600, store.read)).rejects.toThrow('The partial tile of level 0 must have')
  })

  it('refuses partial tiles that do not fit the size, and hashes of another length', () => {
    expect(() => growTiles({ size: 1, partial: [] }, [])).toThrow(
      'The partial tile of level 0 must have 32 bytes at size 1 (got 0).',
    )
    expect(() => edgeRoot({ size: 256, partial: [Buffer.alloc(32)] })).toThrow('must have 0 bytes at size 256 (got 32)')
    expect(() => growTiles(EMPTY_EDGE, [Buffer.alloc(31)])).toThrow('A hash must have 32 bytes (got 31).')
  })
})
