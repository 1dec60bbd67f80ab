// The state machine of a job, as data. The database enforces the same transitions
// (jobledger.is_legal_transition); a test compares both.
import type { JobState } from '../database/generated/enums.ts'

/** All states, in the usual order of a job's life. */
export const JOB_STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies JobState[]

/**
 * The allowed transitions from each state. Does not include soft deletion, which moves a job from
 * any state to CANCELLED.
 */
const TRANSITIONS = {
  PENDING: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['COMPLETED', 'FAILED', 'CANCELLED', 'PENDING'],
  COMPLETED: [],
  FAILED: ['PENDING'],
  CANCELLED: [],
} as const satisfies Record<JobState, readonly JobState[]>

/**
 * The states without pending work. FAILED counts as finished, although a failed job can be retried.
 */
export const FINISHED_STATES = ['COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies JobState[]

/** The states that may follow `state`. Empty for CANCELLED, the state of deleted jobs. */
export function allowedTransitions(state: JobState): readonly JobState[] {
  return TRANSITIONS[state]
}

/** The states that may precede `state`. */
export function fromStatesOf(state: JobState): JobState[] {
  return JOB_STATES.filter((from) => isLegalTransition(from, state))
}

/** Whether a job may move from `from` to `to`, except by deletion. */
export function isLegalTransition(from: JobState, to: JobState): boolean {
  return allowedTransitions(from).includes(to)
}

/** Whether only deletion can follow `state`: COMPLETED or CANCELLED. */
export function isTerminal(state: JobState): boolean {
  return allowedTransitions(state).length === 0
}
