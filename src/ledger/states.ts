// The state machine of a job, as data. The database holds the same table (jobledger.is_legal_transition) and enforces it;
// a test compares the two. Nothing here reads or writes.
import type { JobState } from '../database/generated/enums.ts'

/** Every state, in the order in which a job usually meets them. */
export const JOB_STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies JobState[]

/** The states that a job may enter from each state. Soft deletion is apart: it leads from every state to CANCELLED. */
const TRANSITIONS = {
  PENDING: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['COMPLETED', 'FAILED', 'CANCELLED', 'PENDING'],
  COMPLETED: [],
  FAILED: ['PENDING'],
  CANCELLED: [],
} as const satisfies Record<JobState, readonly JobState[]>

/** The states in which a job waits for nobody. A failed job may still be retried, but until somebody does so it is finished. */
export const FINISHED_STATES = ['COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies JobState[]

/** The states that a job in `state` may enter next; none for a deleted job, which is CANCELLED. */
export function allowedTransitions(state: JobState): readonly JobState[] {
  return TRANSITIONS[state]
}

/** The states from which a job may enter `state`. */
export function fromStatesOf(state: JobState): JobState[] {
  return JOB_STATES.filter((source) => isLegalTransition(source, state))
}

/** Whether a job may go from `from` to `to` other than by being deleted. */
export function isLegalTransition(from: JobState, to: JobState): boolean {
  return allowedTransitions(from).includes(to)
}

/** Whether no transition but deletion leads out of `state`: COMPLETED or CANCELLED. */
export function isTerminal(state: JobState): boolean {
  return allowedTransitions(state).length === 0
}
