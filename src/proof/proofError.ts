// The error of everything in src/proof that reads what others wrote.

/**
 * A proof, checkpoint, note, key or tile is malformed, or does not prove what it claims. The
 * message is a sentence for the user.
 */
export class InvalidProofError extends Error {
  override readonly name = 'InvalidProofError'
}
