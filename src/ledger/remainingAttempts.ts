// How often a job will still be tried without anybody asking for it.
import type { Job } from '../database/generated/client.ts'

/** Number of attempts that will begin by themselves from now on; one that is going on is not among them. */
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
  // A job that was retried by hand is tried once more, also when its attempts are used up.
  return state === 'PENDING' ? Math.max(1, unused) : unused
}
