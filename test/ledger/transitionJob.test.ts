// One transition: what it changes, the times of each state, and why it is refused.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobState } from '../../src/database/generated/client.ts'
import { IllegalTransitionError, JobNotFoundError, VersionConflictError } from '../../src/ledger/errors.ts'
import { getJob, getJobState } from '../../src/ledger/getJob.ts'
import { allowedTransitions, isLegalTransition, JOB_STATES } from '../../src/ledger/states.ts'
import { type TransitionJobInput, transitionJob } from '../../src/ledger/transitionJob.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const move = (jobId: string, to: JobState, note: Partial<TransitionJobInput> = {}) =>
  transitionJob(ledger, { jobId, to, actor: ACTOR, ...note })

describe('transitionJob', () => {
  for (const from of JOB_STATES) {
    for (const to of JOB_STATES) {
      if (isLegalTransition(from, to)) {
        it(`takes a job from ${from} to ${to}`, async () => {
          const job = await jobIn(ledger, from)
          const moved = await move(job.id, to, { reason: 'because', metadata: { n: [1] } })
          expect(moved).toMatchObject({
            state: to,
            version: job.version + 1,
            stateReason: 'because',
            stateActor: ACTOR,
            stateMetadata: { n: [1] },
          })
          expect(await getJob(ledger, job.id)).toEqual(moved)
          expect(await getJobState(ledger, job.id)).toBe(to)
          expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
            sequence: moved.version,
            previous_state: from,
            new_state: to,
            reason: 'because',
            actor: ACTOR,
            state_metadata: { n: [1] },
            timestamp: moved.updatedAt,
          })
        })
      } else {
        it(`does not take a job from ${from} to ${to}`, async () => {
          const { id } = await jobIn(ledger, from)
          const refusal = await refusalOf(session, () => move(id, to))
          expect(refusal).toBeInstanceOf(IllegalTransitionError)
          const allowed = allowedTransitions(from)
          const ways = allowed.length > 0 ? `it can become ${allowed.join(' or ')}` : 'it can only be deleted'
          expect(refusal).toMatchObject({
            code: 'ILLEGAL_TRANSITION',
            from,
            to,
            allowed,
            message: `Job ${id} is ${from} and cannot become ${to}; ${ways}.`,
          })
        })
      }
    }
  }

  it('clears the reason and metadata of the previous transition', async () => {
    const { id } = await newJob(ledger)
    await move(id, 'PROCESSING', { reason: 'first', metadata: { first: true } })
    expect(await move(id, 'FAILED')).toMatchObject({ stateReason: null, stateMetadata: {} })
  })

  it('accepts an id in upper case', async () => {
    const { id } = await newJob(ledger)
    expect(await move(id.toUpperCase(), 'PROCESSING')).toMatchObject({ id })
  })

  it('refuses a missing job', async () => {
    const refusal = await refusalOf(session, () => move(MISSING_ID, 'PROCESSING', { expectedVersion: 1 }))
    expect(refusal).toBeInstanceOf(JobNotFoundError)
    expect(refusal).toMatchObject({ jobId: MISSING_ID, message: `Job ${MISSING_ID} does not exist.` })
  })

  it.each(JOB_STATES)('does not move a deleted job to %s', async (to) => {
    const job = await deletedJob(ledger, 'FAILED')
    expect(await refusalOf(session, () => move(job.id, to))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      from: 'CANCELLED',
      message: `Job ${job.id} was deleted at ${job.deletedAt?.toISOString()}; it cannot become ${to}.`,
    })
  })

  it('refuses an invalid id, a version below 1 and an empty actor', async () => {
    expect(await refusalOf(session, () => move('7', 'PROCESSING', { expectedVersion: 0, actor: '' }))).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [
        { path: ['jobId'], message: 'must be the id of a job (got "7").' },
        { path: ['actor'], message: 'must have 1 to 200 characters (got 0).' },
        { path: ['expectedVersion'], message: 'must be an integer from 1 to 2147483647 (got 0).' },
      ],
    })
  })
})

describe('an expectation', () => {
  it('allows the transition if it is met', async () => {
    const { id } = await newJob(ledger)
    expect(await move(id, 'PROCESSING', { expectedVersion: 1 })).toMatchObject({ version: 2 })
    expect(await move(id, 'PENDING', { expectedState: 'PROCESSING' })).toMatchObject({ version: 3 })
    expect(await move(id, 'CANCELLED', { expectedVersion: 3, expectedState: 'PENDING' })).toMatchObject({ version: 4 })
  })

  it.each<[Partial<TransitionJobInput>, string]>([
    [{ expectedVersion: 1 }, 'version 1'],
    [{ expectedVersion: 3 }, 'version 3'],
    [{ expectedState: 'PENDING' }, 'PENDING'],
    [{ expectedState: 'FAILED', expectedVersion: 2 }, 'FAILED, version 2'],
    [{ expectedState: 'PROCESSING', expectedVersion: 9 }, 'PROCESSING, version 9'],
  ])('causes a conflict that shows the current job if it is not met: %j', async (expectation, wanted) => {
    const { id } = await jobIn(ledger, 'PROCESSING')
    const refusal = await refusalOf(session, () => move(id, 'COMPLETED', expectation))
    expect(refusal).toBeInstanceOf(VersionConflictError)
    expect(refusal).toMatchObject({
      code: 'VERSION_CONFLICT',
      expectedVersion: expectation.expectedVersion ?? null,
      expectedState: expectation.expectedState ?? null,
      actualVersion: 2,
      actualState: 'PROCESSING',
      message: `Job ${id} is PROCESSING, version 2 (expected ${wanted}). Read it again before you retry.`,
    })
  })

  it('is checked before the legality of the transition', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    expect(await refusalOf(session, () => move(id, 'PROCESSING', { expectedVersion: 1 }))).toMatchObject({
      code: 'VERSION_CONFLICT',
    })
    expect(await refusalOf(session, () => move(id, 'PROCESSING', { expectedVersion: 3 }))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    })
    expect(await refusalOf(session, () => move(id, 'PROCESSING', { expectedState: 'COMPLETED' }))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    })
  })
})

describe('the times of a job', () => {
  const times = async (id: string) => {
    const job = await getJob(ledger, id)
    return { startedAt: job?.startedAt, completedAt: job?.completedAt, deletedAt: job?.deletedAt }
  }
  const never = { startedAt: null, completedAt: null, deletedAt: null }

  it('have neither start nor completion while it is PENDING', async () => {
    expect(await times((await newJob(ledger)).id)).toEqual(never)
  })

  it('have the start but no completion while it is PROCESSING', async () => {
    const { id, updatedAt } = await jobIn(ledger, 'PROCESSING')
    expect(await times(id)).toEqual({ ...never, startedAt: updatedAt })
  })

  it.each(['COMPLETED', 'FAILED', 'CANCELLED'] as const)('keep the start and add the completion in %s', async (to) => {
    const { id, startedAt } = await jobIn(ledger, 'PROCESSING')
    const { updatedAt } = await move(id, to)
    expect(await times(id)).toEqual({ ...never, startedAt, completedAt: updatedAt })
  })

  it('have a completion but no start if it is cancelled before it starts', async () => {
    const { id, updatedAt } = await jobIn(ledger, 'CANCELLED')
    expect(await times(id)).toEqual({ ...never, completedAt: updatedAt })
  })

  it.each(['PROCESSING', 'FAILED'] as const)(
    'are cleared when it returns to PENDING from %s, and set again by the next attempt',
    async (from) => {
      const { id } = await jobIn(ledger, from)
      await move(id, 'PENDING')
      expect(await times(id)).toEqual(never)
      const { updatedAt: restarted } = await move(id, 'PROCESSING')
      const { updatedAt: completed } = await move(id, 'COMPLETED')
      expect(await times(id)).toEqual({ ...never, startedAt: restarted, completedAt: completed })
    },
  )

  it('include the last update, which follows every transition and never decreases', async () => {
    const { id, updatedAt } = await newJob(ledger)
    const seen = [updatedAt]
    for (const to of ['PROCESSING', 'FAILED', 'PENDING', 'CANCELLED'] as const)
      seen.push((await move(id, to)).updatedAt)
    expect(seen).toEqual(seen.toSorted((a, b) => a.getTime() - b.getTime()))
    expect((await historyOf(session, id)).map(({ timestamp }) => timestamp)).toEqual(seen)
  })
})
