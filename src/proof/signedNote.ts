// Signed notes, which are texts with signature lines: C2SP signed-note, "Format" and "Signatures".
import { fromBase64, toBase64 } from './base64.ts'
import type { NoteSigner, NoteVerifier } from './noteKeys.ts'
import { fromUtf8, isKeyName, isNoteText } from './noteText.ts'
import { InvalidProofError } from './proofError.ts'

/** Maximum length of a note in bytes. */
const MAX_BYTES = 1_000_000
/** Maximum number of signatures. The specification requires at least 16. */
const MAX_SIGNATURES = 100
const KEY_ID_BYTES = 4

export interface Signature {
  readonly name: string
  /** The id of the key, 8 lowercase hexadecimal digits. */
  readonly id: string
  readonly signature: Buffer
}

export interface OpenedNote {
  /** With its last newline, as it was signed. */
  readonly text: string
  /** Valid signatures by known keys, at least one. */
  readonly verified: readonly Signature[]
  /** Signatures by other keys. They prove nothing. */
  readonly unknown: readonly Signature[]
}

/**
 * @param text must end with a newline and have no control characters except newlines
 * @throws InvalidProofError for another text, RangeError without a signer
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  requireText(text)
  if (!text.endsWith('\n')) throw new InvalidProofError('The text of a note must end with a newline.')
  if (signers.length === 0) throw new RangeError('A note must have a signature.')
  const lines = signers.map((signer) => {
    const bytes = Buffer.concat([Buffer.from(signer.id, 'hex'), signer.sign(text)])
    return `— ${signer.name} ${toBase64(bytes)}\n`
  })
  return `${text}\n${lines.join('')}`
}

/**
 * Verifies a note. Signatures by unknown keys are not an error: keys are rotated, and witnesses add
 * signatures.
 *
 * @param note its bytes, or its text
 * @throws InvalidProofError if the note is malformed, a signature by a known key is invalid, or no
 * known key signed it
 */
export function openNote(note: Uint8Array | string, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { text, signatures } = splitNote(decode(note))
  const verified = new Map<NoteVerifier, Signature>()
  const unknown: Signature[] = []
  for (const signature of signatures) {
    const verifier = verifiers.find(({ name, id }) => name === signature.name && id === signature.id)
    if (!verifier) unknown.push(signature)
    else if (verifier.verify(text, signature.signature)) verified.set(verifier, signature)
    else throw new InvalidProofError(`The signature by ${signature.name} is invalid.`)
  }
  if (verified.size === 0) {
    const known = verifiers.map(({ name, id }) => `${name}+${id}`).join(' or ')
    throw new InvalidProofError(`The note is not signed by ${known || 'a known key'}.`)
  }
  return { text, verified: [...verified.values()], unknown }
}

function decode(note: Uint8Array | string): string {
  if ((typeof note === 'string' ? Buffer.byteLength(note) : note.length) > MAX_BYTES) {
    throw new InvalidProofError(`A note must have at most ${MAX_BYTES} bytes.`)
  }
  const text = typeof note === 'string' ? note : fromUtf8(note)
  requireText(text)
  return text
}

/** The last empty line separates the text from the signatures. */
function splitNote(note: string): { text: string; signatures: Signature[] } {
  const end = note.lastIndexOf('\n\n')
  const lines = end < 0 ? [] : note.slice(end + 2).split('\n')
  if (lines.pop() !== '' || lines.length === 0) {
    throw new InvalidProofError('A note must end with an empty line and lines of signatures.')
  }
  if (lines.length > MAX_SIGNATURES) {
    throw new InvalidProofError(`A note must have at most ${MAX_SIGNATURES} signatures (got ${lines.length}).`)
  }
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): Signature {
  const [, name = '', encoded = ''] = /^— ([^ ]+) (.+)$/.exec(line) ?? []
  const bytes = fromBase64(encoded, 'A signature')
  if (!isKeyName(name) || bytes.length <= KEY_ID_BYTES) throw new InvalidProofError('A signature line is malformed.')
  return {
    name,
    id: bytes.subarray(0, KEY_ID_BYTES).toString('hex'),
    signature: bytes.subarray(KEY_ID_BYTES),
  }
}

function requireText(text: string): void {
  if (isNoteText(text)) return
  throw new InvalidProofError('A note must not contain control characters except newlines.')
}
