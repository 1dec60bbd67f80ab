// The characters of signed notes: C2SP signed-note, "Format".
import { InvalidProofError } from './proofError.ts'

/** @throws InvalidProofError unless the bytes are valid UTF-8 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new InvalidProofError('The text is not valid UTF-8.', { cause: error })
  }
}

/** Whether it has no control characters of ASCII (those below the space), except newlines. */
export function isNoteText(text: string): boolean {
  return text.isWellFormed() && [...text].every((character) => character >= ' ' || character === '\n')
}

/** A name must not be empty, and have no spaces (of Unicode), plus signs or control characters. */
export function isKeyName(name: string): boolean {
  return isNoteText(name) && /^[^\p{White_Space}+]+$/u.test(name)
}
