// Many transitions in one statement: in order, with a result for each.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { createJobs } from '../../src/ledger/createJob.ts'
import { IllegalTransitionError, JobNotFoundError } from '../../src/ledger/errors.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { transitionJobs } from '../../src/ledger/transitionJob.ts'
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

describe('transitionJobs', () => {
  it('moves each job and returns it, in the order of the items', async () => {
    const jobs = await Promise.all([newJob(ledger), jobIn(ledger, 'PROCESSING'), jobIn(ledger, 'FAILED')])
    const targets: JobState[] = ['CANCELLED', 'COMPLETED', 'PENDING']
    const items = jobs.map(({ id }, index) => ({
      jobId: id,
      to: targets[index] as JobState,
      reason: `reason ${index}`,
      metadata: { index },
    }))
    const answers = await transitionJobs(ledger, items.toReversed(), 'batcher')
    expect(answers).toMatchObject(
      items.toReversed().map(({ jobId, to, reason, metadata }) => ({
        id: jobId,
        state: to,
        stateReason: reason,
        stateMetadata: metadata,
        stateActor: 'batcher',
      })),
    )
    for (const answer of answers) expect(await getJob(ledger, (answer as Job).id)).toEqual(answer)
  })

  it('moves the jobs of the owner and treats jobs of others as missing', async () => {
    const [own, foreign, any] = await Promise.all(['ada', 'bob', 'bob'].map((userId) => newJob(ledger, { userId })))
    const limited = [own, foreign, own].map((job, index) => ({
      jobId: (job as Job).id,
      ownerId: 'ada',
      to: 'PROCESSING' as JobState,
      metadata: { index, text: 'ä "quoted" \\ {}' },
    }))
    const unlimited = { jobId: (any as Job).id, to: 'CANCELLED' as JobState }
    const missing = { jobId: MISSING_ID, ownerId: 'ada', to: 'CANCELLED' as JobState }
    const before = await allRows(session)
    const refused = await transitionJobs(ledger, limited.slice(1, 2), ACTOR)
    expect(refused).toEqual([new JobNotFoundError((foreign as Job).id)])
    expect(await allRows(session)).toEqual(before)
    const answers = await transitionJobs(ledger, [...limited, unlimited, missing], ACTOR)
    expect(answers).toMatchObject([
      { id: own?.id, state: 'PROCESSING', stateMetadata: limited[0]?.metadata },
      new JobNotFoundError((foreign as Job).id),
      new IllegalTransitionError(answers[0] as Job, 'PROCESSING'),
      { id: any?.id, state: 'CANCELLED' },
      new JobNotFoundError(MISSING_ID),
    ])
    expect(await getJob(ledger, (foreign as Job).id)).toEqual(foreign)
  })

  it('reads the returned content by the ids of the jobs', async () => {
    await session.query('SET session_replication_role = replica')
    await session.query(`INSERT INTO jobs (id, user_id, content, created_at, updated_at, run_at)
      SELECT id, 'many', 'c', jobledger.uuid_time(id), jobledger.uuid_time(id), now() + interval '1 day'
      FROM (SELECT jobledger.uuid_v7() AS id FROM generate_series(1, 5000)) AS new`)
    await session.query('ANALYZE jobs')
    const { id: jobId } = await newJob(ledger, { content: 'wanted' })
    const [statement] = await ledger.statementsOf(async () => {
      expect(await transitionJobs(ledger, [{ jobId, to: 'CANCELLED' }], ACTOR)).toMatchObject([{ content: 'wanted' }])
    })
    await session.query(`PREPARE batch AS ${statement}`)
    const { rows } = await session.query("EXPLAIN EXECUTE batch('[]', 'batcher')")
    expect(JSON.stringify(rows)).toContain('using pk_jobs')
    expect(JSON.stringify(rows)).not.toContain('Seq Scan on jobs')
    await session.query("DELETE FROM jobs WHERE user_id = 'many'")
    await session.query('SET session_replication_role = origin')
  })

  it('moves one job through several states, with each item seeing the effects of those before', async () => {
    const { id: jobId } = await newJob(ledger)
    const answers = await transitionJobs(
      ledger,
      [
        { jobId, to: 'PROCESSING', expectedVersion: 1 },
        { jobId, to: 'PROCESSING' },
        { jobId, to: 'FAILED', expectedVersion: 2, expectedState: 'PROCESSING' },
        { jobId, to: 'PENDING', expectedVersion: 2 },
        { jobId, to: 'PENDING' },
      ],
      ACTOR,
    )
    expect(answers).toMatchObject([
      { state: 'PROCESSING', version: 2 },
      { code: 'ILLEGAL_TRANSITION', from: 'PROCESSING', to: 'PROCESSING' },
      { state: 'FAILED', version: 3 },
      { code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 3, actualState: 'FAILED' },
      { state: 'PENDING', version: 4, startedAt: null, completedAt: null },
    ])
    expect(await historyOf(session, jobId)).toHaveLength(4)
  })

  it('returns refusals next to successes, and writes nothing for them', async () => {
    const [movable, completed, deleted] = [
      await newJob(ledger),
      await jobIn(ledger, 'COMPLETED'),
      await deletedJob(ledger),
    ]
    const before = await allRows(session)
    const answers = await transitionJobs(
      ledger,
      [
        { jobId: MISSING_ID, to: 'PROCESSING' },
        { jobId: completed.id, to: 'PROCESSING' },
        { jobId: deleted.id, to: 'PENDING' },
        { jobId: movable.id, to: 'PROCESSING', expectedVersion: 5 },
        { jobId: movable.id, to: 'PROCESSING', expectedState: 'FAILED' },
        { jobId: 'no id', to: 'PROCESSING' },
        { jobId: movable.id, to: 'PROCESSING', reason: '\0' },
        { jobId: movable.id, to: 'PROCESSING' },
      ],
      ACTOR,
    )
    expect(answers).toMatchObject([
      { code: 'JOB_NOT_FOUND', jobId: MISSING_ID },
      { code: 'ILLEGAL_TRANSITION', from: 'COMPLETED', allowed: [] },
      { code: 'ILLEGAL_TRANSITION', message: expect.stringContaining('was deleted at') },
      { code: 'VERSION_CONFLICT', expectedVersion: 5, actualVersion: 1 },
      { code: 'VERSION_CONFLICT', expectedState: 'FAILED', actualState: 'PENDING' },
      { code: 'INVALID_INPUT', issues: [{ path: ['jobId'] }] },
      { code: 'INVALID_INPUT', issues: [{ path: ['reason'] }] },
      { state: 'PROCESSING', version: 2 },
    ])
    const others = (lines: string[]) => lines.filter((line) => !line.includes(movable.id))
    expect(others(await allRows(session))).toEqual(others(before))
  })

  it('moves 1000 jobs in one statement and one commit', async () => {
    const created = await createJobs(
      ledger,
      Array.from({ length: 1000 }, () => ({ userId: 'u', content: 'c' })),
      ACTOR,
    )
    const items = created.map((answer) => ({ jobId: (answer as { job: Job }).job.id, to: 'PROCESSING' as const }))
    let answers: unknown[] = []
    const statements = await ledger.statementsOf(async () => {
      answers = await transitionJobs(ledger, items, ACTOR)
    })
    expect(statements).toHaveLength(1)
    expect(answers).toHaveLength(1000)
    expect((answers as Job[]).map(({ id, state }) => ({ jobId: id, to: state }))).toEqual(items)
    const { rows } = await session.query(
      'SELECT count(DISTINCT transaction_id)::int AS commits, count(*)::int AS records FROM job_states WHERE sequence = 2 AND job_id = ANY ($1)',
      [items.map(({ jobId }) => jobId)],
    )
    expect(rows).toEqual([{ commits: 1, records: 1000 }])
  })

  it('refuses 1001 items and an empty batch, and moves nothing', async () => {
    const { id: jobId } = await newJob(ledger)
    for (const length of [1001, 0]) {
      const items = Array.from({ length }, () => ({ jobId, to: 'PROCESSING' as const }))
      await expect(transitionJobs(ledger, items, ACTOR)).rejects.toMatchObject({
        issues: [{ path: ['inputs'], message: `must have 1 to 1000 items (got ${length}).` }],
      })
    }
    expect(await getJob(ledger, jobId)).toMatchObject({ version: 1 })
  })

  it('sends nothing to the database when every item is bad', async () => {
    const item = { jobId: MISSING_ID, to: 'PROCESSING' as const }
    expect(await ledger.statementsOf(() => transitionJobs(ledger, [item, item], 'db:me'))).toEqual([])
    expect(await transitionJobs(ledger, [item], 'db:me')).toMatchObject([
      { code: 'INVALID_INPUT', issues: [{ path: ['actor'] }] },
    ])
  })
})
