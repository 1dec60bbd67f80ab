// The only error that this folder throws on purpose. Its message is a sentence for the person at
// the terminal: what failed and what to do.

/**
 * The embedded PostgreSQL is unavailable. The message is complete: print it without a stack trace.
 */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError'
}

/**
 * Turns an error of the operating system into that sentence. Returns EmbeddedDatabaseErrors and
 * bugs unchanged.
 */
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
