// The one error of the embedded PostgreSQL. Its message is a sentence for the person at the terminal: what was
// wrong and what to do. Nothing else in this folder may throw bare errors out of it.

/** The embedded PostgreSQL cannot be had. The message is complete: print it without a stack trace. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError'
}

/** Turns a refusal of the operating system into the sentence; what is already one, or is a bug, passes unchanged. */
export function asEmbeddedDatabaseError(error: unknown, dataDir: string): unknown {
  if (error instanceof EmbeddedDatabaseError || !isSystemError(error)) return error
  return new EmbeddedDatabaseError(
    `The embedded database cannot use the data directory ${dataDir} (${error.message}): ` +
      'make it usable, or set DATA_DIR or DATABASE_URL.',
    { cause: error },
  )
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
