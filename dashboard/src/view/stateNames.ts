import type { JobState } from '../api/documents.generated.ts'

/** In the usual order of a job's life. */
export const STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies JobState[]

export const STATE_LABELS: Readonly<Record<JobState, string>> = {
  PENDING: 'Pending',
  PROCESSING: 'Processing',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
}

const STATE_NAME = new RegExp(`\\b(${STATES.join('|')})\\b`, 'g')

/** A sentence of the API, with states as the sentences of the page have them. */
export function withStateWords(sentence: string): string {
  return sentence.replaceAll(STATE_NAME, (state) => state.toLowerCase())
}
