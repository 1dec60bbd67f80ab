// The Merkle tree of the seal, as the tables keep it: its tiles, and the consumer "seal" with the
// position of the last leaf (migration 20261128000011_seal).
import { HASH_BYTES } from '../proof/merkleHash.ts'
import type { ReadTiles } from '../proof/tileReader.ts'
import { TILE_WIDTH, tilePath } from '../proof/tiles.ts'
import { growTiles, readEdge, type TileEdge } from '../proof/tileTree.ts'
import type { OrderKey } from './eventOrder.ts'
import type { Leaf } from './leaves.ts'
import type { Ledger } from './ledger.ts'

/** The name of the consumer whose checkpoint is the position of the last leaf. */
export const SEAL = 'seal'

export interface SealedTree {
  /** The name under which its checkpoints are signed. */
  readonly origin: string
  readonly edge: TileEdge
  /** The position of the record of the last leaf. */
  readonly position: OrderKey
}

/** Begins the first tree of the ledger, unless there is one. */
export async function beginTree({ sql }: Ledger, origin: string): Promise<void> {
  await sql.execute`
    WITH started AS (
      INSERT INTO jobledger.seal_origins (origin) SELECT ${origin} WHERE NOT EXISTS (SELECT FROM jobledger.seal_origins)
    )
    INSERT INTO jobledger.consumers (name, transaction_id, record_id, updated_at) VALUES (${SEAL}, 0, 0, now())
    ON CONFLICT (name) DO NOTHING`
}

/** The current tree; undefined if the ledger is not sealed. Reads in one snapshot. */
export async function readTree(ledger: Ledger): Promise<SealedTree | undefined> {
  const [row] = await ledger.sql.query<{ origin: string; transactionId: bigint; id: bigint; size: bigint }>`
    SELECT origin, consumers.transaction_id AS "transactionId", consumers.record_id AS id, coalesce((
      SELECT tile * ${TILE_WIDTH} + length(hashes) / ${HASH_BYTES} FROM jobledger.seal_tiles
      WHERE level = 0 ORDER BY tile DESC LIMIT 1), 0)::bigint AS size
    FROM jobledger.consumers CROSS JOIN (SELECT origin FROM jobledger.seal_origins ORDER BY began_at DESC LIMIT 1) AS latest
    WHERE consumers.name = ${SEAL}`
  if (row === undefined) return undefined
  const { origin, size, ...position } = row
  return { origin, position, edge: await readEdge(Number(size), tilesOf(ledger)) }
}

/** Reads stored tiles. A tile may be wider than asked for. */
export function tilesOf({ sql }: Ledger): ReadTiles {
  return async (tiles) => {
    const rows = await sql.query<{ level: number; index: bigint; hashes: Uint8Array }>`
      SELECT level, tile AS index, hashes FROM jobledger.seal_tiles
      WHERE (level, tile) IN (SELECT * FROM unnest(${tiles.map(({ level }) => level)}::integer[], ${tiles.map(({ index }) => index)}::bigint[]))`
    const found = new Map(
      rows.map(({ level, index, hashes }) => [keyOf({ level, index: Number(index) }), Buffer.from(hashes)]),
    )
    return tiles.map((tile) => found.get(keyOf(tile)))
  }
}

function keyOf({ level, index }: { level: number; index: number }): string {
  return tilePath({ level, index, width: TILE_WIDTH })
}

/**
 * Adds leaves to the tree, in one statement. Returns the grown tree; undefined if another process
 * has moved the tree meanwhile, and nothing was written.
 */
export async function appendLeaves(
  { sql }: Ledger,
  tree: SealedTree,
  leaves: readonly Leaf[],
): Promise<SealedTree | undefined> {
  const last = leaves.at(-1)
  if (last === undefined) return tree
  const { edge, changed } = growTiles(
    tree.edge,
    leaves.map(({ hash }) => hash),
  )
  // Only what is new in each tile.
  const added = changed.map(({ level, index, hashes }) => {
    const isPartial = index === Math.floor(sizeOf(tree.edge, level) / TILE_WIDTH)
    const known = isPartial ? (tree.edge.partial[level]?.length ?? 0) : 0
    return {
      level,
      tile: index,
      hashes: hashes.subarray(known).toString('hex'),
      ...recordsOf(tree, leaves, { level, index }),
    }
  })
  const { position } = tree
  const written = await sql.execute`
    WITH moved AS (
      UPDATE jobledger.consumers SET transaction_id = ${last.transactionId}, record_id = ${last.id}, updated_at = now()
      WHERE name = ${SEAL} AND transaction_id = ${position.transactionId} AND record_id = ${position.id} RETURNING name
    )
    INSERT INTO jobledger.seal_tiles AS kept (level, tile, hashes, record_ids, transaction_id, record_id)
    SELECT level, tile, decode(hashes, 'hex'), record_ids, transaction_id, record_id
    FROM moved CROSS JOIN json_to_recordset(${JSON.stringify(added)}::json)
      AS added (level integer, tile bigint, hashes text, record_ids bigint[], transaction_id bigint, record_id bigint)
    ON CONFLICT (level, tile) DO UPDATE SET hashes = kept.hashes || excluded.hashes, record_ids = kept.record_ids || excluded.record_ids`
  return written === 0 ? undefined : { ...tree, edge, position: { transactionId: last.transactionId, id: last.id } }
}

/** The number of hashes of a level of tiles. */
function sizeOf({ size }: TileEdge, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** The records of the new leaves of a tile of level 0, and the first of them. */
function recordsOf({ edge }: SealedTree, leaves: readonly Leaf[], { level, index }: { level: number; index: number }) {
  if (level > 0) return {}
  const start = Math.max(0, index * TILE_WIDTH - edge.size)
  const own = leaves.slice(start, (index + 1) * TILE_WIDTH - edge.size)
  return {
    record_ids: own.map(({ id }) => String(id)),
    transaction_id: String(own[0]?.transactionId),
    record_id: String(own[0]?.id),
  }
}
