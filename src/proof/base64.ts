// Base64 as the specifications of C2SP use it: RFC 4648, section 4, with padding. Buffer.from also
// accepts the alphabet for URLs, stray characters and trailing bits that are not zero: with it, one
// signature would have many texts.
import { InvalidProofError } from './proofError.ts'

/** @throws InvalidProofError unless `text` is exactly the base64 of some bytes */
export function fromBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new InvalidProofError(`${what} is not valid base64.`)
  return bytes
}

export function toBase64(bytes: Buffer): string {
  return bytes.toString('base64')
}
