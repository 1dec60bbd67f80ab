import type { JobRowFragment } from '../api/documents.generated.ts'

/**
 * Such as "2 of 3"; "4 (maximum 3)" beyond it, because releases and retries by hand add attempts.
 */
export function attemptText(
  { attempt, maxAttempts }: Pick<JobRowFragment, 'attempt' | 'maxAttempts'>,
  maximum: 'maximum' | 'max.' = 'maximum',
): string {
  return attempt > maxAttempts ? `${attempt} (${maximum} ${maxAttempts})` : `${attempt} of ${maxAttempts}`
}
