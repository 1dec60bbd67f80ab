// Roots, inclusion proofs and consistency proofs, against the vectors of certificate-transparency
// and the definition in RFC 6962.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_ROOT, leafHash, nodeHash } from '../../src/proof/merkleHash.ts'
import { consistencyPath, inclusionPath, rootAt } from '../../src/proof/merkleProofs.ts'
import { MerkleTree } from '../../src/proof/merkleTree.ts'
import { verifyConsistency, verifyInclusion } from '../../src/proof/verifyMerkle.ts'
import { definedRoot, leafHashes, TileStore } from '../support/tileStore.ts'

const SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_536, 65_537]

/** The inputs, roots and proofs of the tests of certificate-transparency. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
] as const
const [A, B, C, D, E] = [
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
]
/** Zero-based index, size and path. */
const INCLUSIONS: [number, number, string[]][] = [
  [0, 1, []],
  [0, 8, [A, B, C]],
  [5, 8, [D, E, ROOTS[4]]],
  [2, 3, [ROOTS[2]]],
  [1, 5, [ROOTS[1], B, D]],
]
const CONSISTENCIES: [number, number, string[]][] = [
  [1, 1, []],
  [1, 8, [A, B, C]],
  [6, 8, ['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', E, ROOTS[4]]],
  [2, 5, [B, D]],
]

describe('the vectors of certificate-transparency', () => {
  const store = new TileStore()
  store.append(INPUTS.map((input) => leafHash(Buffer.from(input, 'hex'))))

  it.each(ROOTS.map((root, size) => ({ size, root })))('agree on the root of $size leaves', async ({ size, root }) => {
    expect((await rootAt(size, store.hashes())).toString('hex')).toBe(root)
  })

  it.each(INCLUSIONS)('agree on the inclusion proof of leaf %i of %i', async (index, size, path) => {
    expect((await inclusionPath(index, size, store.hashes())).map((hash) => hash.toString('hex'))).toEqual(path)
  })

  it.each(CONSISTENCIES)('agree on the consistency proof from %i to %i', async (oldSize, size, path) => {
    expect((await consistencyPath(oldSize, size, store.hashes())).map((hash) => hash.toString('hex'))).toEqual(path)
  })
})

describe('a tree that keeps its right edge', () => {
  it('has the root that RFC 6962 defines, at every size', () => {
    const tree = new MerkleTree()
    expect(tree.root()).toEqual(EMPTY_ROOT)
    const leaves = leafHashes(0, 65_537)
    for (const [at, leaf] of leaves.entries()) {
      tree.append(leaf)
      const isChecked = tree.size < 130 || SIZES.includes(tree.size)
      if (isChecked) expect(tree.root(), String(tree.size)).toEqual(definedRoot(leaves.slice(0, at + 1)))
    }
  })

  it('refuses hashes that do not have 32 bytes', () => {
    expect(() => new MerkleTree().append(Buffer.alloc(31))).toThrow('A hash must have 32 bytes (got 31).')
    expect(() => nodeHash(Buffer.alloc(32), Buffer.alloc(33))).toThrow('A hash must have 32 bytes (got 33).')
  })
})

describe('proofs', () => {
  const store = TileStore.ofSize(65_537)
  const roots = new Map<number, Buffer>()
  const rootOf = async (size: number) => {
    const root = roots.get(size) ?? (await rootAt(size, store.hashes(size)))
    roots.set(size, root)
    return root
  }
  const leafOf = (index: number) => leafHashes(index, index + 1)[0] as Buffer

  const inclusion = async (index: number, size: number) => ({
    index,
    size,
    leafHash: leafOf(index),
    root: await rootOf(size),
    path: await inclusionPath(index, size, store.hashes(size)),
  })
  const consistency = async (oldSize: number, size: number) => ({
    oldSize,
    oldRoot: await rootOf(oldSize),
    size,
    root: await rootOf(size),
    path: await consistencyPath(oldSize, size, store.hashes(size)),
  })

  it('prove every leaf of every tree of up to 70 leaves, and no other leaf', async () => {
    for (let size = 1; size <= 70; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusion(index, size)
        verifyInclusion(proof)
        const other = (index + 1) % size
        expect(() => verifyInclusion({ ...proof, leafHash: leafOf(index + 1) })).toThrow('leads to another root')
        if (size > 1) expect(() => verifyInclusion({ ...proof, index: other })).toThrow(/^The (inclusion )?proof/)
      }
    }
  })

  it('prove the consistency of every pair of up to 70 leaves, and no other pair', async () => {
    for (let size = 0; size <= 70; size += 1) {
      for (let oldSize = 0; oldSize <= size; oldSize += 1) {
        const proof = await consistency(oldSize, size)
        verifyConsistency(proof)
        const forged = Buffer.alloc(32, 7)
        expect(() => verifyConsistency({ ...proof, oldRoot: forged }), `${oldSize} ${size}`).toThrow(
          /another (old )?root/,
        )
        if (oldSize > 0) expect(() => verifyConsistency({ ...proof, root: forged })).toThrow(/another root/)
      }
    }
  })

  it('prove leaves and consistency at the edges of tiles', async () => {
    for (const size of SIZES.filter((size) => size > 0)) {
      for (const index of [0, 1, 127, 255, 256, 257, 510, 65_535, size - 1].filter((index) => index < size)) {
        verifyInclusion(await inclusion(index, size))
      }
      for (const oldSize of SIZES.filter((oldSize) => oldSize <= size))
        verifyConsistency(await consistency(oldSize, size))
    }
  })

  it('are refused with any bit flipped, a hash more, a hash less or two hashes exchanged', async () => {
    const cases = fc.record({
      size: fc.oneof(fc.integer({ min: 2, max: 600 }), fc.constantFrom(65_535, 65_536, 65_537)),
      part: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bit: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, part, bit }) => {
        const index = Math.floor(part * size)
        const included = await inclusion(index, size)
        verifyInclusion(included)
        for (const path of alterations(included.path, bit)) {
          expect(() => verifyInclusion({ ...included, path })).toThrow(/^The (inclusion )?proof/)
        }
        expect(() => verifyInclusion({ ...included, root: flipped(included.root, bit) })).toThrow('another root')
        const longer = [...included.path, Buffer.alloc(32, 9)]
        expect(() => verifyInclusion({ ...included, path: longer })).toThrow('The proof has too many hashes.')
        const consistent = await consistency(Math.max(index, 1), size)
        verifyConsistency(consistent)
        for (const path of alterations(consistent.path, bit)) {
          expect(() => verifyConsistency({ ...consistent, path })).toThrow(/^The (consistency )?proof/)
        }
        expect(() => verifyConsistency({ ...consistent, root: flipped(consistent.root, bit) })).toThrow('another root')
      }),
      { numRuns: 150 },
    )
  })

  it('are refused for impossible sizes and indexes', async () => {
    const included = await inclusion(3, 7)
    for (const [index, size] of [
      [7, 7],
      [-1, 7],
      [0, 0],
      [1.5, 7],
      [3, 2 ** 53],
      [Number.NaN, 7],
    ] as const) {
      expect(() => verifyInclusion({ ...included, index, size })).toThrow(/has no leaf/)
    }
    const consistent = await consistency(3, 7)
    for (const [oldSize, size] of [
      [8, 7],
      [-1, 7],
      [3, 2 ** 53],
      [0.5, 7],
    ] as const) {
      expect(() => verifyConsistency({ ...consistent, oldSize, size })).toThrow(/cannot begin with/)
    }
    expect(() => verifyConsistency({ ...consistent, oldSize: 0, path: [] })).toThrow('The old tree has another root.')
    expect(() => verifyConsistency({ ...consistent, oldSize: 7 })).toThrow('The proof has too many hashes.')
    await expect(inclusionPath(7, 7, store.hashes())).rejects.toThrow('`index` must be an integer from 0 to 6 (got 7).')
    await expect(consistencyPath(8, 7, store.hashes())).rejects.toThrow(
      '`oldSize` must be an integer from 0 to 7 (got 8).',
    )
  })

  it('are refused with hashes of another length', async () => {
    const [short, leaf] = [Buffer.alloc(31), leafOf(0)]
    const message = 'A hash must have 32 bytes (got 31).'
    expect(() => verifyInclusion({ index: 0, size: 1, leafHash: short, root: short, path: [] })).toThrow(message)
    expect(() => verifyInclusion({ ...proofOfTwo(leaf), path: [short] })).toThrow(message)
    expect(() => verifyConsistency({ oldSize: 1, oldRoot: short, size: 1, root: short, path: [] })).toThrow(message)
  })

  it('verify for indexes and sizes beyond 32 bits', () => {
    // The last leaf of a tree of 2 ** 40 + 1 leaves has the root of the others as its only sibling.
    const [left, leaf] = [Buffer.alloc(32, 1), leafOf(0)]
    const proof = { index: 2 ** 40, size: 2 ** 40 + 1, leafHash: leaf, root: nodeHash(left, leaf), path: [left] }
    verifyInclusion(proof)
    expect(() => verifyInclusion({ ...proof, index: 0 })).toThrow('The proof has too few hashes.')
    verifyConsistency({ oldSize: 2 ** 40, oldRoot: left, size: 2 ** 40 + 1, root: proof.root, path: [leaf] })
  })
})

function proofOfTwo(leaf: Buffer) {
  return { index: 0, size: 2, leafHash: leaf, root: nodeHash(leaf, leaf), path: [leaf] }
}

/** Every flip of one bit of one hash that `bit` selects, and paths of another length or order. */
function alterations(path: readonly Buffer[], bit: number): Buffer[][] {
  const flips = path.map((hash, at) => path.with(at, flipped(hash, bit)))
  const exchanges = path.slice(1).map((hash, at) => path.with(at, hash).with(at + 1, path[at] as Buffer))
  return [
    ...flips,
    ...exchanges,
    [...path, Buffer.alloc(32, 9)],
    ...(path.length > 0 ? [path.slice(1), path.slice(0, -1)] : []),
  ]
}

function flipped(hash: Buffer, bit: number): Buffer {
  const copy = Buffer.from(hash)
  const at = bit % 256
  copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7))
  return copy
}
