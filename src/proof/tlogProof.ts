// Proofs that a leaf is in a log, which need neither a server nor a database: C2SP tlog-proof.
import { fromBase64, toBase64 } from './base64.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { HASH_BYTES } from './merkleHash.ts'
import type { NoteVerifier } from './noteKeys.ts'
import { fromUtf8 } from './noteText.ts'
import { InvalidProofError } from './proofError.ts'
import { verifyInclusion } from './verifyMerkle.ts'

export interface TlogProof {
  /** Zero-based index of the leaf. */
  readonly index: number
  /** See `inclusionPath`. */
  readonly path: readonly Buffer[]
  /** The signed checkpoint. */
  readonly checkpoint: string
  /** Data of the application, which nothing protects. */
  readonly extra?: Buffer
}

export interface ExpectedLeaf {
  readonly leafHash: Buffer
  /** Keys of the log, any of which may have signed. */
  readonly verifiers: readonly NoteVerifier[]
  readonly origin: string
}

const HEADER = 'c2sp.org/tlog-proof@v1'
/** More leaves than 2 ** 63 cannot be counted by others. */
const MAX_PATH = 63

export function formatTlogProof({ index, path, checkpoint, extra }: TlogProof): string {
  const head = [
    HEADER,
    ...(extra && extra.length > 0 ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...path.map(toBase64),
  ]
  return `${head.join('\n')}\n\n${checkpoint}`
}

/**
 * Parses a proof without verifying it.
 *
 * @throws InvalidProofError
 */
export function parseTlogProof(proof: Uint8Array | string): TlogProof {
  const text = typeof proof === 'string' ? proof : fromUtf8(proof)
  const end = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(end, 0)).split('\n')
  if (lines.shift() !== HEADER) throw new InvalidProofError(`A proof must begin with a line "${HEADER}".`)
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(lines.shift() as string) : undefined
  const index = parseIndex(lines.shift() ?? '')
  if (lines.length > MAX_PATH) throw new InvalidProofError(`A proof must have at most ${MAX_PATH} hashes.`)
  const path = lines.map((line) => {
    const hash = fromBase64(line, 'A hash of the proof')
    if (hash.length === HASH_BYTES) return hash
    throw new InvalidProofError(`A hash must have ${HASH_BYTES} bytes (got ${hash.length}).`)
  })
  return { index, path, checkpoint: text.slice(end + 2), ...(extra && { extra }) }
}

/**
 * Verifies that a leaf is in the log, and returns the checkpoint that proves it.
 *
 * @throws InvalidProofError
 */
export function verifyTlogProof(
  proof: Uint8Array | string,
  { leafHash, verifiers, origin }: ExpectedLeaf,
): Required<Checkpoint> {
  const { index, path, checkpoint: note } = parseTlogProof(proof)
  const checkpoint = openCheckpoint(note, verifiers, origin)
  const { size, root } = checkpoint
  verifyInclusion({ index, size, leafHash, root, path })
  return checkpoint
}

function parseExtra(line: string): Buffer {
  const extra = fromBase64(line.slice('extra '.length), 'The extra data of the proof')
  if (extra.length === 0) throw new InvalidProofError('The extra data of the proof must not be empty; omit the line.')
  return extra
}

function parseIndex(line: string): number {
  const index = Number(/^index (0|[1-9]\d*)$/.exec(line)?.[1])
  if (Number.isSafeInteger(index)) return index
  throw new InvalidProofError('The proof must have a line "index N" with a decimal number without leading zeros.')
}
