// Creating jobs: one or a batch, with a result per job.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CreatedJob, createJob, createJobs } from '../../src/ledger/createJob.ts'
import { InvalidInputError } from '../../src/ledger/errors.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { ACTOR, openTestLedger, type TestLedger } from '../support/factories.ts'
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

describe('createJob', () => {
  it('creates a PENDING job with the given values and the first record of its history', async () => {
    const input = {
      userId: 'ann',
      content: 'résumé 🎉\n"quoted" \\ \u0001',
      preset: 'fast',
      metadata: { a: [1, { b: null }], ключ: 'x' },
    }
    const { job, created } = await createJob(ledger, input, 'maker')
    expect(created).toBe(true)
    expect(job).toEqual({
      ...input,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      state: 'PENDING',
      version: 1,
      stateReason: null,
      stateActor: 'maker',
      stateMetadata: {},
      stateError: null,
      createdAt: expect.any(Date),
      updatedAt: job.createdAt,
      startedAt: null,
      completedAt: null,
      deletedAt: null,
      idempotencyKey: null,
      requestHash: null,
      priority: 0,
      runAt: job.createdAt,
      maxAttempts: 1,
      attempt: 0,
      releases: 0,
      leaseExpiresAt: null,
      cancelRequestedAt: null,
      cancelRequestedBy: null,
      cancelReason: null,
    })
    expect(await getJob(ledger, job.id)).toEqual(job)
    expect(await historyOf(session, job.id)).toMatchObject([
      {
        sequence: 1,
        previous_state: null,
        new_state: 'PENDING',
        actor: 'maker',
        reason: null,
        timestamp: job.createdAt,
      },
    ])
  })

  it('requires only a user and content, which may be empty', async () => {
    const { job } = await createJob(ledger, { userId: 'ann', content: '' }, ACTOR)
    expect(job).toMatchObject({ content: '', preset: null, metadata: {}, idempotencyKey: null })
  })

  it('treats null as omitted', async () => {
    const input = { userId: 'ann', content: 'c', preset: null, metadata: null, idempotencyKey: null }
    expect((await createJob(ledger, input, ACTOR)).job).toMatchObject({
      preset: null,
      metadata: {},
      idempotencyKey: null,
    })
  })

  it('refuses invalid input and lists all issues at once', async () => {
    const before = await allRows(session)
    const refusal = await createJob(
      ledger,
      { userId: '', content: 'c', preset: 'x'.repeat(201), idempotencyKey: '' },
      'db:me',
    ).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InvalidInputError)
    expect((refusal as InvalidInputError).issues).toEqual([
      {
        path: ['actor'],
        message: 'must not start with "db:", which is reserved for direct edits of the database (got "db:me").',
      },
      { path: ['userId'], message: 'must have 1 to 200 characters (got 0).' },
      { path: ['preset'], message: 'must have 1 to 200 characters (got 201).' },
      { path: ['idempotencyKey'], message: 'must have 1 to 200 characters (got 0).' },
    ])
    expect(await allRows(session)).toEqual(before)
  })
})

describe('createJobs', () => {
  it('creates 1000 jobs in one statement and one commit, with ids in the order of the inputs', async () => {
    const inputs = Array.from({ length: 1000 }, (_, number) => ({
      userId: `user ${number % 7}`,
      content: `content ${number}`,
    }))
    let answers: unknown[] = []
    const statements = await ledger.statementsOf(async () => {
      answers = await createJobs(ledger, inputs, ACTOR)
    })
    expect(statements).toHaveLength(1)
    const jobs = (answers as CreatedJob[]).map(({ job }) => job)
    expect(jobs.map(({ content }) => content)).toEqual(inputs.map(({ content }) => content))
    const ids = jobs.map(({ id }) => id)
    expect(ids).toEqual(ids.toSorted())
    const { rows } = await session.query(
      'SELECT count(DISTINCT transaction_id)::int AS commits, count(*)::int AS records FROM job_states WHERE job_id = ANY ($1)',
      [ids],
    )
    expect(rows).toEqual([{ commits: 1, records: 1000 }])
  })

  it('refuses 1001 jobs and an empty batch, and creates nothing', async () => {
    const before = await allRows(session)
    for (const length of [1001, 0]) {
      const inputs = Array.from({ length }, () => ({ userId: 'u', content: 'c' }))
      await expect(createJobs(ledger, inputs, ACTOR)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['inputs'], message: `must have 1 to 1000 items (got ${length}).` }],
      })
    }
    expect(await allRows(session)).toEqual(before)
  })

  it('returns a result per item: an invalid one does not affect the others', async () => {
    const answers = await createJobs(
      ledger,
      [
        { userId: 'u', content: 'first' },
        { userId: '', content: 'second' },
        { userId: 'u', content: 'third', metadata: { nul: '\0' } },
        { userId: 'u', content: 'fourth' },
      ],
      ACTOR,
    )
    expect(answers).toMatchObject([
      { created: true, job: { content: 'first' } },
      { code: 'INVALID_INPUT', issues: [{ path: ['userId'] }] },
      { code: 'INVALID_INPUT', issues: [{ path: ['metadata'] }] },
      { created: true, job: { content: 'fourth' } },
    ])
    expect(await ledger.prisma.job.count({ where: { content: { in: ['second', 'third'] } } })).toBe(0)
  })

  it('sends nothing to the database if every item is invalid', async () => {
    const statements = await ledger.statementsOf(() => createJobs(ledger, [{ userId: '', content: '' }], ACTOR))
    expect(statements).toEqual([])
  })
})
