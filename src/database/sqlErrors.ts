// The codes that PostgreSQL answers with (SQLSTATE), by name, and how they are found in what Prisma throws.
import pRetry from 'p-retry'

/** The refusals of the guards, as the migrations raise them. They mean that somebody went around src/ledger, or a fault in it. */
export const GUARD = {
  JL001: 'illegal transition',
  JL002: 'version neither kept nor raised by one',
  JL003: 'the history is append-only',
  JL004: 'a value that nobody may change',
  JL005: 'a job or a result that may not be removed',
  JL006: 'a job that does not begin as a new job',
  JL007: 'an API key that may be neither removed nor altered',
  JL008: 'a ledger that is not complete',
  JL020: 'an answer that is larger than its limit',
} as const

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
