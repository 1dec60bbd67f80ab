// Completing and failing a job write the transition and the result in one statement, or neither.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { getJobResult, setJobResult } from '../../src/ledger/jobResult.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, MISSING_ID, openTestLedger, type TestLedger } from '../support/factories.ts'
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

const processing = () => jobIn(ledger, 'PROCESSING')

describe('completeJob', () => {
  it('completes a PROCESSING job and sets its result, in one statement and one commit', async () => {
    const { id: jobId } = await processing()
    const note = {
      jobId,
      actor: 'worker',
      reason: 'done',
      metadata: { host: 'a' },
      output: { pages: [1, 2] },
      processingTimeMs: 42,
    }
    expect(await ledger.statementsOf(() => completeJob(ledger, note))).toHaveLength(1)
    expect(await getJob(ledger, jobId)).toMatchObject({
      state: 'COMPLETED',
      version: 3,
      stateActor: 'worker',
      stateReason: 'done',
      stateMetadata: { host: 'a' },
    })
    expect(await getJobResult(ledger, jobId)).toMatchObject({
      status: 'SUCCESS',
      output: { pages: [1, 2] },
      errorMessage: null,
      processingTimeMs: 42,
    })
    const { rows } = await session.query(
      `SELECT j.xmin::text = r.xmin::text AND j.xmin::text = s.xmin::text AS "oneCommit"
       FROM jobs j JOIN job_results r ON r.job_id = j.id JOIN job_states s ON s.job_id = j.id AND s.sequence = 3 WHERE j.id = $1`,
      [jobId],
    )
    expect(rows).toEqual([{ oneCommit: true }])
  })

  it('returns the job after the transition', async () => {
    const { id: jobId } = await processing()
    const job = await completeJob(ledger, { jobId, actor: ACTOR })
    expect(await getJob(ledger, jobId)).toEqual(job)
    expect(await getJobResult(ledger, jobId)).toMatchObject({ status: 'SUCCESS', output: null, processingTimeMs: null })
  })

  it.each([[0], [false], ['text'], [''], [[]], [{}], [[null, { a: [] }]]])('keeps the output %j', async (output) => {
    const { id: jobId } = await processing()
    await completeJob(ledger, { jobId, actor: ACTOR, output })
    expect((await getJobResult(ledger, jobId))?.output).toEqual(output)
  })

  it('replaces a result that was set before', async () => {
    const { id: jobId } = await processing()
    await setJobResult(ledger, {
      jobId,
      actor: 'user:ada',
      status: 'ERROR',
      errorMessage: 'first',
      output: 1,
      processingTimeMs: 1,
    })
    await completeJob(ledger, { jobId, actor: ACTOR, output: 2 })
    expect(await getJobResult(ledger, jobId)).toMatchObject({
      status: 'SUCCESS',
      output: 2,
      errorMessage: null,
      processingTimeMs: null,
    })
  })

  it.each(['PENDING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const)(
    'does not complete a %s job or set its result',
    async (state) => {
      const { id: jobId } = await jobIn(ledger, state)
      expect(await refusalOf(session, () => completeJob(ledger, { jobId, actor: ACTOR, output: 1 }))).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        from: state,
        to: 'COMPLETED',
      })
    },
  )

  it('does not complete a deleted or a missing job', async () => {
    const { id } = await deletedJob(ledger, 'PROCESSING')
    const complete = (jobId: string) => refusalOf(session, () => completeJob(ledger, { jobId, actor: ACTOR }))
    expect(await complete(id)).toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'CANCELLED' })
    expect(await complete(MISSING_ID)).toMatchObject({ code: 'JOB_NOT_FOUND', jobId: MISSING_ID })
  })

  it('completes only at the expected version and state', async () => {
    const { id: jobId } = await processing()
    const complete = (expected: object) => completeJob(ledger, { jobId, actor: ACTOR, output: 1, ...expected })
    expect(await refusalOf(session, () => complete({ expectedVersion: 1 }))).toMatchObject({
      code: 'VERSION_CONFLICT',
      expectedVersion: 1,
      actualVersion: 2,
    })
    expect(await refusalOf(session, () => complete({ expectedState: 'PENDING' }))).toMatchObject({
      code: 'VERSION_CONFLICT',
      actualState: 'PROCESSING',
    })
    expect(await complete({ expectedVersion: 2, expectedState: 'PROCESSING' })).toMatchObject({ version: 3 })
  })

  it('lists all issues of the transition and of the result', async () => {
    const bad = {
      jobId: 'x',
      actor: '',
      reason: '\0',
      metadata: [] as never,
      output: { a: '\0' },
      processingTimeMs: -1,
      expectedVersion: 0,
    }
    const refusal = (await refusalOf(session, () => completeJob(ledger, bad))) as { issues: { path: string[] }[] }
    expect(refusal).toMatchObject({ code: 'INVALID_INPUT' })
    expect(refusal.issues.map(({ path }) => path[0])).toEqual([
      'jobId',
      'actor',
      'reason',
      'metadata',
      'expectedVersion',
      'output',
      'processingTimeMs',
    ])
  })
})

describe('failJob', () => {
  it('fails a PROCESSING job with an error, in one statement', async () => {
    const { id: jobId } = await processing()
    const note = { jobId, actor: 'worker', errorMessage: 'broke', output: { partial: true }, processingTimeMs: 0 }
    expect(await ledger.statementsOf(() => failJob(ledger, note))).toHaveLength(1)
    expect(await getJob(ledger, jobId)).toMatchObject({ state: 'FAILED', stateReason: null })
    expect(await getJobResult(ledger, jobId)).toMatchObject({
      status: 'ERROR',
      errorMessage: 'broke',
      output: { partial: true },
      processingTimeMs: 0,
    })
  })

  it('distinguishes a timeout from an error', async () => {
    const { id: jobId } = await processing()
    await failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'too slow', timedOut: true })
    expect(await getJobResult(ledger, jobId)).toMatchObject({ status: 'TIMEOUT', errorMessage: 'too slow' })
  })

  it('does not fail a job that is not PROCESSING', async () => {
    const { id: jobId } = await jobIn(ledger, 'PENDING')
    const fail = () => failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'x' })
    expect(await refusalOf(session, fail)).toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'PENDING', to: 'FAILED' })
  })

  it('keeps the result through a retry until the job ends again', async () => {
    const { id: jobId } = await processing()
    await failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'first try' })
    const first = await getJobResult(ledger, jobId)
    await transitionJob(ledger, { jobId, to: 'PENDING', actor: ACTOR })
    await transitionJob(ledger, { jobId, to: 'PROCESSING', actor: ACTOR })
    expect(await getJobResult(ledger, jobId)).toEqual(first)
    await completeJob(ledger, { jobId, actor: ACTOR })
    expect(await getJobResult(ledger, jobId)).toMatchObject({
      id: first?.id,
      status: 'SUCCESS',
      createdAt: first?.createdAt,
    })
  })
})

describe('a result that the database refuses', () => {
  it('prevents the transition and its record', async () => {
    const { id: jobId } = await processing()
    await session.query(`CREATE FUNCTION refuse_result() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER refuse_result BEFORE INSERT ON job_results FOR EACH ROW EXECUTE FUNCTION refuse_result()`)
    const refusal = await refusalOf(session, () => completeJob(ledger, { jobId, actor: ACTOR, output: 1 }))
    await session.query('DROP FUNCTION refuse_result CASCADE')
    expect((refusal as Error).message).toContain('disk full')
    expect(await historyOf(session, jobId)).toHaveLength(2)
    await completeJob(ledger, { jobId, actor: ACTOR, output: 1 })
    expect(await historyOf(session, jobId)).toHaveLength(3)
  })
})
