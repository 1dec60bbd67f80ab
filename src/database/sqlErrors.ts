// The error codes of PostgreSQL (SQLSTATE) by name, and how to find them in errors of Prisma.
import pRetry from 'p-retry'

/**
 * The statement conflicted with another one and changed nothing: serialization failure or deadlock.
 * It is safe to run it again.
 */
const CONFLICTS = ['40001', '40P01']
/** The error of Prisma for a conflict outside of raw statements. It hides the SQLSTATE. */
const PRISMA_CONFLICT = 'P2034'

/** The codes of Prisma start at P1000, those of PL/pgSQL at P0000. */
const OF_PRISMA = /^P[1-9]\d{3}$/

/** The SQLSTATE of an error of Prisma or pg. Undefined if it has none. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, meta } = (error ?? {}) as {
    code?: unknown
    meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } }
  }
  const original = meta?.driverAdapterError?.cause?.originalCode
  if (typeof original === 'string') return original
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !OF_PRISMA.test(code) ? code : undefined
}

/**
 * Runs one statement, and again if it conflicted with another one: up to five times, a few
 * milliseconds apart.
 *
 * @throws the error of the statement
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
