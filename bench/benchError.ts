/** The benchmark cannot go on. The message is complete: print it without a stack trace. */
export class BenchError extends Error {
  override readonly name = 'BenchError'
}

/** What came back is not what was asked for: whatever was measured with it means nothing. */
export class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError'
}
