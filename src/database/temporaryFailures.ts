// Failures of a statement that pass: PostgreSQL rolled it back, and it can be run again. The
// database can be ready all the time.
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/** By SQLSTATE (PostgreSQL documentation, appendix A). */
const REASONS: readonly (readonly [state: RegExp, reason: string])[] = [
  [/^40(?:001|P01)$/, 'The database ran conflicting requests.'],
  [/^53/, 'The database lacks a resource, such as memory, disk space or connections.'],
  [/^55P03$/, 'The database waited too long for a lock.'],
  // At DATABASE_STATEMENT_TIMEOUT_MS, or by an administrator.
  [/^57014$/, 'The database cancelled the statement.'],
]

/** The error for clients, with `error` as its cause. Undefined if the failure is not temporary. */
export function temporaryFailure(error: unknown): DatabaseUnavailableError | undefined {
  const state = sqlStateOf(error)
  const reason = state && REASONS.find(([pattern]) => pattern.test(state))?.[1]
  return reason ? new DatabaseUnavailableError(reason, { cause: error }) : undefined
}
