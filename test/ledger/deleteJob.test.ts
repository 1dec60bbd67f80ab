// Soft deletion: the job becomes CANCELLED and gets `deletedAt`; its row, history and result stay.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { getJob, getJobState } from '../../src/ledger/getJob.ts'
import { getJobResult, setJobResult } from '../../src/ledger/jobResult.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories, historyOf } from '../support/history.ts'

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

describe('deleteJob', () => {
  it.each(JOB_STATES)('deletes a job that is %s, in one statement', async (state) => {
    const job = await jobIn(ledger, state)
    await setJobResult(ledger, { jobId: job.id, actor: 'user:ada', status: 'SUCCESS', output: 1 })
    const result = await getJobResult(ledger, job.id)
    let answer: unknown
    const statements = await ledger.statementsOf(async () => {
      answer = await deleteJob(ledger, { jobId: job.id, actor: 'remover', reason: 'obsolete' })
    })
    expect(statements).toHaveLength(1)
    const deleted = await getJob(ledger, job.id)
    expect(answer).toEqual({ deleted: true, job: deleted })
    expect(deleted).toEqual({
      ...job,
      state: 'CANCELLED',
      version: job.version + 1,
      stateActor: 'remover',
      stateReason: 'obsolete',
      deletedAt: deleted?.updatedAt,
      // A finished job keeps its completion time.
      completedAt: job.completedAt ?? deleted?.updatedAt,
      updatedAt: expect.any(Date),
    })
    expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
      previous_state: state,
      new_state: 'CANCELLED',
      actor: 'remover',
      reason: 'obsolete',
    })
    expect(await getJobResult(ledger, job.id)).toEqual(result)
    expect(await getJobState(ledger, job.id)).toBe('CANCELLED')
  })

  it('removes the job from lists that do not include deleted jobs', async () => {
    const { id } = await newJob(ledger, { userId: 'lister' })
    await deleteJob(ledger, { jobId: id, actor: ACTOR })
    expect((await listJobs(ledger, { filter: { userId: 'lister' } })).rows).toEqual([])
    expect((await listJobs(ledger, { filter: { userId: 'lister', includeDeleted: true } })).rows).toMatchObject([
      { id },
    ])
  })

  it('writes nothing for a job that was deleted before, and returns it', async () => {
    const job = await deletedJob(ledger, 'COMPLETED')
    const before = await allRows(session)
    expect(await deleteJob(ledger, { jobId: job.id, actor: 'second', reason: 'again' })).toEqual({
      deleted: false,
      job,
    })
    expect(await allRows(session)).toEqual(before)
  })

  it('writes nothing for a missing job', async () => {
    const before = await allRows(session)
    expect(await deleteJob(ledger, { jobId: MISSING_ID, actor: ACTOR })).toEqual({ deleted: false, job: null })
    expect(await allRows(session)).toEqual(before)
  })

  it('refuses invalid input and deletes nothing', async () => {
    const { id } = await newJob(ledger)
    expect(
      await refusalOf(session, () => deleteJob(ledger, { jobId: id, actor: 'db:me', reason: '\0' })),
    ).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['actor'] }, { path: ['reason'] }],
    })
    expect(await refusalOf(session, () => deleteJob(ledger, { jobId: 'x', actor: ACTOR }))).toMatchObject({
      issues: [{ path: ['jobId'] }],
    })
  })
})

describe('reading a job', () => {
  it('returns the job, deleted or not, or null if it does not exist', async () => {
    const [living, deleted] = [await newJob(ledger), await deletedJob(ledger)]
    expect(await getJob(ledger, living.id)).toEqual(living)
    expect(await getJob(ledger, deleted.id)).toEqual(deleted)
    expect(await getJobState(ledger, living.id)).toBe('PENDING')
    expect([await getJob(ledger, MISSING_ID), await getJobState(ledger, MISSING_ID)]).toEqual([null, null])
  })
})
