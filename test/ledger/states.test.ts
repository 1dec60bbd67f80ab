// The state machine as data, and the errors that refer to it.
import { describe, expect, it } from 'vitest'
import * as errors from '../../src/ledger/errors.ts'
import {
  allowedTransitions,
  FINISHED_STATES,
  fromStatesOf,
  isLegalTransition,
  isTerminal,
  JOB_STATES,
} from '../../src/ledger/states.ts'

const LEGAL = [
  'PENDING PROCESSING',
  'PENDING CANCELLED',
  'PROCESSING COMPLETED',
  'PROCESSING FAILED',
  'PROCESSING CANCELLED',
  'PROCESSING PENDING',
  'FAILED PENDING',
]

describe('the state machine', () => {
  it('has exactly these seven transitions', () => {
    const legal = JOB_STATES.flatMap((from) =>
      JOB_STATES.filter((to) => isLegalTransition(from, to)).map((to) => `${from} ${to}`),
    )
    expect(legal.sort()).toEqual(LEGAL.toSorted())
  })

  it('has consistent transitions out of a state and into it', () => {
    for (const state of JOB_STATES) {
      expect(
        allowedTransitions(state)
          .map((to) => `${state} ${to}`)
          .sort(),
      ).toEqual(LEGAL.filter((pair) => pair.startsWith(`${state} `)).sort())
      expect(
        fromStatesOf(state)
          .map((from) => `${from} ${state}`)
          .sort(),
      ).toEqual(LEGAL.filter((pair) => pair.endsWith(` ${state}`)).sort())
    }
  })

  it('ends in COMPLETED and CANCELLED, while FAILED is finished but not terminal', () => {
    expect(JOB_STATES.filter(isTerminal)).toEqual(['COMPLETED', 'CANCELLED'])
    expect(FINISHED_STATES).toEqual(['COMPLETED', 'FAILED', 'CANCELLED'])
  })
})

describe('the errors of the ledger', () => {
  const job = { id: 'j', userId: 'u', state: 'COMPLETED', version: 3, deletedAt: null, idempotencyKey: 'k' } as never
  const refusals = [
    new errors.JobNotFoundError('j'),
    new errors.IllegalTransitionError(job, 'PENDING'),
    new errors.VersionConflictError(job, { version: 1 }),
    new errors.IdempotencyConflictError(job),
    new errors.InvalidInputError([{ path: ['a', 'b'], message: 'is wrong.' }]),
    new errors.BulkCountChangedError(3, 4),
  ]

  it('have distinct codes, and all are listed', () => {
    expect(refusals.map(({ code }) => code)).toEqual([...errors.LEDGER_ERROR_CODES])
  })

  it('have the names of their classes', () => {
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(errors.LedgerError)
      expect(refusal.name).toBe(refusal.constructor.name)
    }
  })

  it('say what is wrong and what to do', () => {
    expect(refusals.map(({ message }) => message)).toEqual([
      'Job j does not exist.',
      'Job j is COMPLETED and cannot become PENDING; it can only be deleted.',
      'Job j is COMPLETED, version 3 (expected version 1). Read it again before you retry.',
      'The idempotency key "k" of user "u" belongs to job j, which was created from a different input.',
      'a.b: is wrong.',
      'The number of matching jobs is now 4 (expected 3). Repeat the dry run before you retry.',
    ])
  })
})
