// The codes that PostgreSQL answers with (SQLSTATE), by name, and how they are found in what Prisma throws.
import pRetry from 'p-retry'

/** The statement lost against another one and changed nothing: serialization failure, deadlock. Running it again is right. */
const CONFLICTS = ['40001', '40P01']
/** What Prisma makes of a conflict outside of raw statements, where it hides the SQLSTATE. */
const PRISMA_CONFLICT = 'P2034'

/** The SQLSTATE that an error of Prisma or of pg carries; undefined if it carries none. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, meta } = (error ?? {}) as {
    code?: unknown
    meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } }
  }
  const original = meta?.driverAdapterError?.cause?.originalCode
  if (typeof original === 'string') return original
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$/.test(code) ? code : undefined
}

/**
 * Runs one statement, and again if it lost against another one; at most five times in all, a few milliseconds apart.
 *
 * @throws what the statement throws
 */
export async function retryConflicts<T>(run: () => PromiseLike<T>): Promise<T> {
  return pRetry(run, {
    retries: 4,
    minTimeout: 5,
    randomize: true,
    shouldRetry: ({ error }) =>
      CONFLICTS.includes(sqlStateOf(error) ?? '') || (error as { code?: unknown }).code === PRISMA_CONFLICT,
  })
}
