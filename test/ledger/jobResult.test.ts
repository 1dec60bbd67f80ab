// Setting the result of a job: creates it, replaces it, or changes nothing if it is the same.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { JobNotFoundError } from '../../src/ledger/errors.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { getJobResult, type SetJobResultInput, setJobResult } from '../../src/ledger/jobResult.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories } from '../support/history.ts'

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

describe('setJobResult', () => {
  it.each(JOB_STATES)('creates the result of a %s job without changing the job', async (state) => {
    const job = await jobIn(ledger, state)
    const input = {
      jobId: job.id,
      actor: ACTOR,
      status: 'TIMEOUT',
      output: { a: [1] },
      errorMessage: 'slow',
      processingTimeMs: 7,
    } as const
    const result = await setJobResult(ledger, input)
    expect(result).toEqual({
      ...input,
      id: expect.any(String),
      revision: 1,
      databaseRole: expect.any(String),
      createdAt: expect.any(Date),
      updatedAt: result.createdAt,
    })
    expect(await getJobResult(ledger, job.id)).toEqual(result)
    expect(await getJob(ledger, job.id)).toEqual(job)
  })

  it('replaces the whole result: omitted fields become null', async () => {
    const { id: jobId } = await newJob(ledger)
    const first = await setJobResult(ledger, {
      jobId,
      actor: ACTOR,
      status: 'ERROR',
      output: 1,
      errorMessage: 'e',
      processingTimeMs: 1,
    })
    const second = await setJobResult(ledger, { jobId, actor: ACTOR, status: 'SUCCESS' })
    expect(second).toEqual({
      ...first,
      status: 'SUCCESS',
      output: null,
      errorMessage: null,
      processingTimeMs: null,
      revision: 2,
      updatedAt: expect.any(Date),
    })
    expect(second.updatedAt.getTime()).toBeGreaterThanOrEqual(first.updatedAt.getTime())
  })

  it.each<Omit<SetJobResultInput, 'jobId' | 'actor'>>([
    { status: 'SUCCESS' },
    { status: 'ERROR', errorMessage: 'e', processingTimeMs: 5 },
    { status: 'SUCCESS', output: { b: 1, a: [true, null, 0.5, 'x'] } },
    { status: 'SUCCESS', output: false },
  ])('changes nothing for the same input, not even updatedAt: %j', async (input) => {
    const { id: jobId } = await newJob(ledger)
    const first = await setJobResult(ledger, { jobId, actor: ACTOR, ...input })
    const before = await allRows(session)
    expect(await setJobResult(ledger, { jobId, actor: ACTOR, ...input })).toEqual(first)
    expect(await allRows(session)).toEqual(before)
  })

  it('treats null and a different order of keys as the same', async () => {
    const { id: jobId } = await newJob(ledger)
    const first = await setJobResult(ledger, { jobId, actor: ACTOR, status: 'SUCCESS', output: { a: 1, b: 2 } })
    const again = {
      jobId,
      actor: ACTOR,
      status: 'SUCCESS',
      output: { b: 2, a: 1 },
      errorMessage: null,
      processingTimeMs: null,
    } as const
    expect(await setJobResult(ledger, again)).toEqual(first)
  })

  it.each<Partial<SetJobResultInput>>([
    { status: 'ERROR' },
    { output: { a: 2 } },
    { output: null },
    { errorMessage: 'other' },
    { processingTimeMs: 6 },
  ])('changes the result for a different input: %j', async (change) => {
    const { id: jobId } = await newJob(ledger)
    const input = {
      jobId,
      actor: ACTOR,
      status: 'SUCCESS',
      output: { a: 1 },
      errorMessage: 'e',
      processingTimeMs: 5,
    } as const
    await setJobResult(ledger, input)
    expect(await setJobResult(ledger, { ...input, ...change })).toMatchObject(change)
  })

  it('does not find a missing job', async () => {
    const refusal = await refusalOf(session, () =>
      setJobResult(ledger, { jobId: MISSING_ID, actor: ACTOR, status: 'SUCCESS' }),
    )
    expect(refusal).toBeInstanceOf(JobNotFoundError)
    expect(refusal).toMatchObject({ jobId: MISSING_ID, message: `Job ${MISSING_ID} does not exist.` })
  })

  it('refuses a deleted job, with or without a result', async () => {
    const { id: without } = await deletedJob(ledger)
    const { id: having } = await jobIn(ledger, 'COMPLETED')
    const kept = await setJobResult(ledger, { jobId: having, actor: ACTOR, status: 'SUCCESS', output: 1 })
    await deleteJob(ledger, { jobId: having, actor: ACTOR })
    for (const jobId of [without, having]) {
      const refusal = await refusalOf(session, () => setJobResult(ledger, { jobId, actor: ACTOR, status: 'ERROR' }))
      expect(refusal).toBeInstanceOf(JobNotFoundError)
      expect(refusal).toMatchObject({ jobId, message: `Job ${jobId} was deleted; its result cannot be changed.` })
    }
    expect(await getJobResult(ledger, having)).toEqual(kept)
  })

  it('leaves the result of one caller when 20 race', async () => {
    const { id: jobId } = await newJob(ledger)
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        setJobResult(ledger, { jobId, actor: ACTOR, status: 'SUCCESS', output: n, processingTimeMs: n }),
      ),
    )
    const result = await getJobResult(ledger, jobId)
    expect(result?.output).toBe(result?.processingTimeMs)
    expect(await ledger.prisma.jobResult.count({ where: { jobId } })).toBe(1)
    const revisions = await ledger.prisma.jobResultRecord.findMany({ where: { jobId }, orderBy: { revision: 'asc' } })
    expect(revisions.map(({ revision }) => revision)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(revisions.at(-1)).toMatchObject({ output: result?.output, revision: result?.revision })
  })

  it.each([-1, 0.5, 2 ** 31, Number.NaN])('refuses the processing time %d', async (processingTimeMs) => {
    const { id: jobId } = await newJob(ledger)
    const refusal = await refusalOf(session, () =>
      setJobResult(ledger, { jobId, actor: ACTOR, status: 'SUCCESS', processingTimeMs }),
    )
    expect(refusal).toMatchObject({
      issues: [
        {
          path: ['processingTimeMs'],
          message: `must be an integer from 0 to 2147483647 (got ${processingTimeMs}).`,
        },
      ],
    })
  })
})

describe('getJobResult', () => {
  it('returns null for a job without a result and for a missing job', async () => {
    const { id } = await newJob(ledger)
    expect([await getJobResult(ledger, id), await getJobResult(ledger, MISSING_ID)]).toEqual([null, null])
  })
})
