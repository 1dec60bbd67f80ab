// Measures the tree of proofs without a database: processor time and memory of building it in
// batches, then of proofs from its tiles. `node --import tsx bench/proofTree.ts [LEAVES]`.
import process from 'node:process'
import { leafHash } from '../src/proof/merkleHash.ts'
import { consistencyPath, inclusionPath } from '../src/proof/merkleProofs.ts'
import { hashesFromTiles, type ReadTiles } from '../src/proof/tileReader.ts'
import type { Tile } from '../src/proof/tiles.ts'
import { EMPTY_EDGE, edgeRoot, growTiles } from '../src/proof/tileTree.ts'
import { verifyConsistency, verifyInclusion } from '../src/proof/verifyMerkle.ts'

const BATCH = 5_000
const PROOFS = 2_000

const size = Number(process.argv[2] ?? 10_000_000)
if (!Number.isSafeInteger(size) || size < 1) throw new RangeError('The number of leaves must be a positive integer.')

const leafAt = (index: number) => leafHash(Buffer.from(String(index)))
const keyOf = ({ level, index }: Pick<Tile, 'level' | 'index'>) => `${level}/${index}`
/** Grows by the tiles, which a server keeps in its database. */
const tiles = new Map<string, Buffer>()

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
const secondsSince = (start: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

/** @returns the root, and the one at half the size */
function build(): { root: Buffer; half: number; halfRoot: Buffer } {
  let [edge, half, halfRoot] = [EMPTY_EDGE, 0, edgeRoot(EMPTY_EDGE)]
  let [written, peak] = [0, 0]
  const start = process.cpuUsage()
  while (edge.size < size) {
    const leaves = Array.from({ length: Math.min(BATCH, size - edge.size) }, (_, at) => leafAt(edge.size + at))
    const growth = growTiles(edge, leaves)
    edge = growth.edge
    for (const tile of growth.changed) tiles.set(keyOf(tile), Buffer.from(tile.hashes))
    written += growth.changed.length
    const { rss, arrayBuffers } = process.memoryUsage()
    peak = Math.max(peak, rss - arrayBuffers)
    if (edge.size <= size / 2) [half, halfRoot] = [edge.size, edgeRoot(edge)]
  }
  console.log(`${size} leaves: ${secondsSince(start).toFixed(1)} s of processor time, with their hashes`)
  console.log(`${written} tiles written, ${tiles.size} kept; at most ${megabytes(peak)} of memory besides them`)
  return { root: edgeRoot(edge), half, halfRoot }
}

async function measure(kind: string, prove: (read: ReadTiles, round: number) => Promise<void>): Promise<void> {
  let count = 0
  const start = process.cpuUsage()
  for (let round = 0; round < PROOFS; round += 1) {
    await prove(async (needed) => {
      count += needed.length
      return needed.map((tile) => tiles.get(keyOf(tile)))
    }, round)
  }
  const each = (secondsSince(start) / PROOFS) * 1e6
  console.log(`${kind} proof: ${each.toFixed(0)} us of processor time, ${(count / PROOFS).toFixed(1)} tiles`)
}

const { root, half, halfRoot } = build()
await measure('inclusion', async (read, round) => {
  const index = Math.floor((round / PROOFS) * size)
  const path = await inclusionPath(index, size, hashesFromTiles(size, read))
  verifyInclusion({ index, size, leafHash: leafAt(index), root, path })
})
await measure('consistency', async (read) => {
  const path = await consistencyPath(half, size, hashesFromTiles(size, read))
  verifyConsistency({ oldSize: half, oldRoot: halfRoot, size, root, path })
})
