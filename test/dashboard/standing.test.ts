// The sentences about where a job stands.
import { describe, expect, it } from 'vitest'
import { type Standing, standingOf } from '../../dashboard/src/job/standing.ts'

const NOW = Date.parse('2026-11-28T12:00:00.000Z')

const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString()

const JOB: Standing = {
  state: 'PENDING',
  stateActor: 'user:ada',
  stuckReason: null,
  attempt: 0,
  maxAttempts: 3,
  runAt: ago(60),
  startedAt: null,
  completedAt: null,
  updatedAt: ago(60),
  cancelRequestedAt: null,
  deletedAt: null,
  leaseExpiresAt: null,
}

const WORKING = { ...JOB, state: 'PROCESSING', stateActor: 'key:w', attempt: 2, startedAt: ago(90) } as const

const CASES: readonly [sentence: string, job: Standing][] = [
  ['Waits for its first attempt, since 1 min: no worker has claimed it yet.', JOB],
  ['Waits for its first attempt: a worker can claim it in 30 s.', { ...JOB, runAt: ago(-30) }],
  ['Waits for another attempt, after 1 of 3: a worker can claim it in 30 s.', { ...JOB, attempt: 1, runAt: ago(-30) }],
  ['key:w has been working on it for 1 min 30 s, at attempt 2 of 3.', WORKING],
  ['key:w has been working on it for 1 min 30 s, at attempt 2 (maximum 1).', { ...WORKING, maxAttempts: 1 }],
  [
    'key:w has been working on it for 1 min 30 s, at attempt 2 of 3. Its lease ends in 20 s unless it is extended.',
    { ...WORKING, leaseExpiresAt: ago(-20) },
  ],
  [
    'key:w has been working on it for 1 min 30 s, at attempt 2 of 3. ' +
      'Its cancellation was requested 10 s ago; the worker must stop it.',
    { ...WORKING, cancelRequestedAt: ago(10) },
  ],
  [
    'Stuck: the lease of key:w expired 20 s ago, so its worker is lost. Maintenance rescues the job.',
    { ...WORKING, stuckReason: 'LEASE_EXPIRED', leaseExpiresAt: ago(20) },
  ],
  [
    'Stuck: key:w started it 2 h ago without a lease and has not ended it. Release or cancel it if its program is gone.',
    { ...WORKING, stuckReason: 'NO_LEASE', startedAt: ago(7200) },
  ],
  [
    'Stuck: key:w has been working on it for 2 h and still extends its lease.',
    { ...WORKING, stuckReason: 'TOO_LONG', startedAt: ago(7200), leaseExpiresAt: ago(-20) },
  ],
  [
    'Completed 1 min ago by key:w after 30 s of work.',
    { ...WORKING, state: 'COMPLETED', completedAt: ago(60), updatedAt: ago(60) },
  ],
  [
    'Failed 1 min ago at attempt 2 after 30 s of work. It stays failed until someone retries it.',
    { ...WORKING, state: 'FAILED', completedAt: ago(60), updatedAt: ago(60) },
  ],
  ['Cancelled 1 min ago by user:ada.', { ...JOB, state: 'CANCELLED', completedAt: ago(60) }],
  ['Deleted 5.0 s ago by user:ada.', { ...JOB, state: 'CANCELLED', deletedAt: ago(5) }],
]

describe('where a job stands', () => {
  for (const [sentence, job] of CASES) {
    it(`is said as "${sentence}"`, () => {
      expect(standingOf(job, NOW)).toBe(sentence)
    })
  }
})
