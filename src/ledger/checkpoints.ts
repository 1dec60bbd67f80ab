// Signed checkpoints of the seal, as the table keeps them.
import type { Ledger } from './ledger.ts'

export interface StoredCheckpoint {
  readonly origin: string
  /** The number of leaves. */
  readonly size: bigint
  readonly rootHash: Buffer
  /** C2SP tlog-checkpoint. */
  readonly signedNote: string
  readonly sealedAt: Date
}

/** The latest checkpoint; undefined before the first one. */
export async function latestCheckpoint({ sql }: Ledger): Promise<StoredCheckpoint | undefined> {
  const [checkpoint] = await sql.query<StoredCheckpoint & { rootHash: Uint8Array }>`
    SELECT origin, size, root_hash AS "rootHash", signed_note AS "signedNote", sealed_at AS "sealedAt"
    FROM jobledger.checkpoints WHERE origin = (SELECT origin FROM jobledger.seal_origins ORDER BY began_at DESC LIMIT 1)
    ORDER BY size DESC LIMIT 1`
  return checkpoint && { ...checkpoint, rootHash: Buffer.from(checkpoint.rootHash) }
}

/** Stores a checkpoint, unless there is one of the same size. */
export async function storeCheckpoint(
  { sql }: Ledger,
  { origin, size, rootHash, signedNote }: Omit<StoredCheckpoint, 'sealedAt'>,
): Promise<void> {
  await sql.execute`
    INSERT INTO jobledger.checkpoints (origin, size, root_hash, signed_note)
    VALUES (${origin}, ${size}, decode(${rootHash.toString('hex')}, 'hex'), ${signedNote}) ON CONFLICT DO NOTHING`
}
