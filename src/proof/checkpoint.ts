// Checkpoints, which are the signed heads of the tree: C2SP tlog-checkpoint.
import { fromBase64, toBase64 } from './base64.ts'
import { EMPTY_ROOT, HASH_BYTES } from './merkleHash.ts'
import type { NoteSigner, NoteVerifier } from './noteKeys.ts'
import { InvalidProofError } from './proofError.ts'
import { openNote, signNote } from './signedNote.ts'

export interface Checkpoint {
  /** Identifies the log. It is one line and must not be empty. */
  readonly origin: string
  /** The number of leaves. */
  readonly size: number
  readonly root: Buffer
  /** Further lines, which are signed too. */
  readonly extensions?: readonly string[]
}

/** The text that is signed. @throws InvalidProofError */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  requireCheckpoint(checkpoint)
  const { origin, size, root, extensions = [] } = checkpoint
  return [origin, size, toBase64(root), ...extensions].map((line) => `${line}\n`).join('')
}

/** @throws InvalidProofError unless `text` is exactly what `formatCheckpoint` returns */
export function parseCheckpoint(text: string): Required<Checkpoint> {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n')
  if (rest.pop() !== '') throw new InvalidProofError('A checkpoint must have at least three complete lines.')
  if (!/^(?:0|[1-9]\d*)$/.test(size)) {
    throw new InvalidProofError('The size of a checkpoint must be a decimal number without leading zeros.')
  }
  const checkpoint = {
    origin,
    size: Number(size),
    root: fromBase64(root, 'The root of the checkpoint'),
    extensions: rest,
  }
  requireCheckpoint(checkpoint)
  return checkpoint
}

/**
 * Signs a checkpoint. The caller must never sign one that is inconsistent with an earlier one.
 *
 * @throws InvalidProofError
 */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), signers)
}

/**
 * Verifies a signed checkpoint of one log. The key alone is not enough: it may sign for others.
 *
 * @throws InvalidProofError
 */
export function openCheckpoint(
  note: Uint8Array | string,
  verifiers: readonly NoteVerifier[],
  origin: string,
): Required<Checkpoint> {
  const checkpoint = parseCheckpoint(openNote(note, verifiers).text)
  if (checkpoint.origin === origin) return checkpoint
  throw new InvalidProofError(`The checkpoint is of "${checkpoint.origin}", not of "${origin}".`)
}

function requireCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): void {
  if ([origin, ...extensions].some((line) => line === '' || line.includes('\n'))) {
    throw new InvalidProofError('The origin and the extensions of a checkpoint must be lines that are not empty.')
  }
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new InvalidProofError(`The size of a checkpoint must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`)
  }
  if (root.length !== HASH_BYTES) throw new InvalidProofError(`The root of a checkpoint must have ${HASH_BYTES} bytes.`)
  if (size === 0 && !root.equals(EMPTY_ROOT)) throw new InvalidProofError('The root of an empty tree is another hash.')
}
