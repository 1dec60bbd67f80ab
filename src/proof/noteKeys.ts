// The keys of signed notes: C2SP signed-note, "Ed25519 signatures" and "Verifier keys". The text of
// a private key is that of golang.org/x/mod/sumdb/note, so that its tools can use the same file.
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'
import { fromBase64, toBase64 } from './base64.ts'
import { isKeyName } from './noteText.ts'
import { InvalidProofError } from './proofError.ts'

export interface NoteVerifier {
  readonly name: string
  /** 8 lowercase hexadecimal digits. */
  readonly id: string
  verify(text: string, signature: Buffer): boolean
}

export interface NoteSigner {
  readonly name: string
  readonly id: string
  /** The verifier key (vkey), `NAME+ID+KEY`, which is public. */
  readonly verifierKey: string
  sign(text: string): Buffer
}

/** The type of an Ed25519 key. */
const ED25519 = 1
const KEY_BYTES = 32
// The bytes of DER in front of a raw key: RFC 8410, sections 4 and 7.
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Creates an Ed25519 key.
 *
 * @param name see `isKeyName`; best the origin of the log
 * @returns the text of the private key, `PRIVATE+KEY+NAME+ID+KEY`
 * @throws InvalidProofError for an invalid name
 */
export function generatePrivateKey(name: string): string {
  requireKeyName(name)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_PREFIX.length)
  return `PRIVATE+KEY+${name}+${keyId(name, rawPublicKey(publicKey))}+${encodeKey(seed)}`
}

/** @throws InvalidProofError, which does not contain the key */
export function readPrivateKey(text: string): NoteSigner {
  const [, name, id, encoded] = /^PRIVATE\+KEY\+([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? []
  if (name === undefined || id === undefined || encoded === undefined) {
    throw new InvalidProofError('The private key must have the form PRIVATE+KEY+NAME+ID+KEY.')
  }
  const seed = decodeKey(encoded, 'private key')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const raw = rawPublicKey(createPublicKey(privateKey))
  requireKey(name, id, raw, 'private key')
  return {
    name,
    id,
    verifierKey: `${name}+${id}+${encodeKey(raw)}`,
    sign: (note) => sign(null, Buffer.from(note), privateKey),
  }
}

/** @throws InvalidProofError unless the text is the verifier key of an Ed25519 key */
export function readVerifierKey(text: string): NoteVerifier {
  // The name and the id have no plus sign; base64 may have some.
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? []
  if (name === undefined || id === undefined || encoded === undefined) {
    throw new InvalidProofError('The verifier key must have the form NAME+ID+KEY.')
  }
  const raw = decodeKey(encoded, 'verifier key')
  requireKey(name, id, raw, 'verifier key')
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  return { name, id, verify: (note, signature) => verify(null, Buffer.from(note), publicKey, signature) }
}

/** SHA-256 of the name, a newline, the type and the public key; its first four bytes. */
function keyId(name: string, raw: Buffer): string {
  const hashed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw])
  return hash('sha256', hashed, 'buffer').subarray(0, 4).toString('hex')
}

function encodeKey(raw: Buffer): string {
  return toBase64(Buffer.concat([Buffer.of(ED25519), raw]))
}

function decodeKey(encoded: string, what: string): Buffer {
  const bytes = fromBase64(encoded, `The ${what}`)
  if (bytes[0] !== ED25519) throw new InvalidProofError(`The ${what} must be an Ed25519 key.`)
  if (bytes.length !== 1 + KEY_BYTES) throw new InvalidProofError(`The ${what} must have ${KEY_BYTES} bytes.`)
  return bytes.subarray(1)
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
}

function requireKeyName(name: string): void {
  if (isKeyName(name)) return
  throw new InvalidProofError('The name of a key must not be empty, and must not contain spaces or plus signs.')
}

function requireKey(name: string, id: string, raw: Buffer, what: string): void {
  requireKeyName(name)
  if (id !== keyId(name, raw)) throw new InvalidProofError(`The ${what} does not match its name and id.`)
}
