// How many more attempts a job gets automatically.
import type { Job } from '../database/generated/client.ts'

/** Number of attempts that will still start automatically. The current attempt does not count. */
export function remainingAttempts({
  state,
  attempt,
  maxAttempts,
  releases,
  cancelRequestedAt,
}: Pick<Job, 'state' | 'attempt' | 'maxAttempts' | 'releases' | 'cancelRequestedAt'>): number {
  const isFinal = state === 'COMPLETED' || state === 'CANCELLED' || cancelRequestedAt !== null
  const unused = Math.max(0, maxAttempts - (attempt - releases))
  if (isFinal) return 0
  // A job that was retried manually gets one more attempt, even if its attempts are used up.
  return state === 'PENDING' ? Math.max(1, unused) : unused
}
