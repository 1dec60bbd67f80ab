/** The spool cannot be used. The message is a sentence. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
}
