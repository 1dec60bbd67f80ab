/**
 * Sealing would contradict a checkpoint that was published. It needs an operator: the message is
 * complete, and names what to do.
 */
export class SealStoppedError extends Error {
  override readonly name = 'SealStoppedError'
}
