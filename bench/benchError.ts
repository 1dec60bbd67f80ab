/** The benchmark cannot continue. The message is complete: print it without a stack trace. */
export class BenchError extends Error {
  override readonly name = 'BenchError'
}

/** A response is wrong, so its measurements are invalid. */
export class WrongResponseError extends Error {
  override readonly name = 'WrongResponseError'
}
