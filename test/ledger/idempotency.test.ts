// Idempotent creation: a repeated request returns the existing job, and a different request with
// the same key is refused.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CreatedJob, type CreateJobInput, createJob, createJobs } from '../../src/ledger/createJob.ts'
import { IdempotencyConflictError } from '../../src/ledger/errors.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client
let keys = 0

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const keyed = (input: Partial<CreateJobInput> = {}): CreateJobInput => {
  keys += 1
  return { userId: 'ann', content: 'content', idempotencyKey: `key ${keys}`, ...input }
}

describe('the same key', () => {
  it('returns the existing job and writes nothing for the same input', async () => {
    const input = keyed({ preset: 'p', metadata: { a: 1, b: { c: [1, 2], d: null } } })
    const first = await createJob(ledger, input, 'first caller')
    const before = await allRows(session)
    const second = await createJob(ledger, input, 'second caller')
    expect(second).toEqual({ job: first.job, created: false })
    expect(await allRows(session)).toEqual(before)
  })

  it('returns the existing job if only the order of the metadata keys differs', async () => {
    const input = keyed({ metadata: { a: 1, b: { c: [{ x: 1, y: 2 }], d: 2 } } })
    const first = await createJob(ledger, input, ACTOR)
    const reordered = { ...input, metadata: { b: { d: 2, c: [{ y: 2, x: 1 }] }, a: 1 } }
    expect(await createJob(ledger, reordered, ACTOR)).toEqual({ job: first.job, created: false })
  })

  it('returns the existing job if null replaces an omitted value', async () => {
    const input = keyed()
    await createJob(ledger, input, ACTOR)
    expect(await createJob(ledger, { ...input, preset: null, metadata: null }, ACTOR)).toMatchObject({ created: false })
    expect(await createJob(ledger, { ...input, metadata: {} }, ACTOR)).toMatchObject({ created: false })
  })

  it('returns the job in its current state', async () => {
    const input = keyed()
    const { job } = await createJob(ledger, input, ACTOR)
    const started = await transitionJob(ledger, { jobId: job.id, to: 'PROCESSING', actor: ACTOR })
    expect(await createJob(ledger, input, ACTOR)).toEqual({ job: started, created: false })
  })

  it.each<[string, Partial<CreateJobInput>]>([
    ['content', { content: 'other' }],
    ['preset', { preset: 'other' }],
    ['metadata', { metadata: { a: 2 } }],
    ['order in an array of the metadata', { metadata: { a: 1, list: [2, 1] } }],
  ])('with another %s is refused, names the first job and writes nothing', async (_, change) => {
    const input = keyed({ preset: 'p', metadata: { a: 1, list: [1, 2] } })
    const { job } = await createJob(ledger, input, ACTOR)
    const before = await allRows(session)
    const refusal = await createJob(ledger, { ...input, ...change }, ACTOR).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(IdempotencyConflictError)
    expect(refusal).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      existingJob: job,
      message: `The idempotency key "${input.idempotencyKey}" of user "ann" belongs to job ${job.id}, which was created from a different input.`,
    })
    expect(await allRows(session)).toEqual(before)
  })

  it.each<[string, Partial<CreateJobInput>, Partial<CreateJobInput>]>([
    ['priority', {}, { priority: 0 }],
    ['number of attempts', {}, { maxAttempts: 1 }],
    ['metadata', {}, { metadata: {} }],
    ['preset and time', {}, { preset: null, runAt: null }],
    ['everything', {}, { priority: 0, maxAttempts: 1, metadata: {}, preset: null, runAt: null }],
    ['other things, each once', { priority: 0 }, { maxAttempts: 1 }],
  ])('is of the same input where defaults are given or left out: %s', async (_, first, second) => {
    for (const [before, after] of [
      [first, second],
      [second, first],
    ]) {
      const input = keyed()
      const { job } = await createJob(ledger, { ...input, ...before }, ACTOR)
      expect(await createJob(ledger, { ...input, ...after }, ACTOR)).toEqual({ job, created: false })
    }
  })

  it('conflicts if the input differs from a default value', async () => {
    const input = keyed()
    await createJob(ledger, { ...input, priority: 0 }, ACTOR)
    for (const other of [{ priority: 1 }, { maxAttempts: 2 }, { runAt: new Date('2030-01-01T00:00:00Z') }]) {
      await expect(createJob(ledger, { ...input, ...other }, ACTOR)).rejects.toThrow(IdempotencyConflictError)
    }
  })

  it('does not conflict with the same key of another user', async () => {
    const input = keyed()
    const first = await createJob(ledger, input, ACTOR)
    const second = await createJob(ledger, { ...input, userId: 'ben', content: 'other' }, ACTOR)
    expect(second.created).toBe(true)
    expect(second.job.id).not.toBe(first.job.id)
  })
})

describe('no key', () => {
  it('creates a job for every request', async () => {
    const input = { userId: 'ann', content: 'same' }
    const [first, second] = [await createJob(ledger, input, ACTOR), await createJob(ledger, input, ACTOR)]
    expect([first.created, second.created, first.job.id === second.job.id]).toEqual([true, true, false])
  })
})

describe('one batch', () => {
  it('creates one job for items with the same key and input, and refuses a different input', async () => {
    const input = keyed()
    const answers = await createJobs(ledger, [input, input, { ...input, content: 'other' }, keyed()], ACTOR)
    const [first] = answers as [CreatedJob]
    expect(answers).toMatchObject([
      { created: true },
      { created: false, job: { id: first.job.id } },
      { code: 'IDEMPOTENCY_CONFLICT', existingJob: { id: first.job.id } },
      { created: true },
    ])
    expect(await ledger.prisma.job.count({ where: { idempotencyKey: input.idempotencyKey ?? null } })).toBe(1)
  })

  it('returns results for existing and new keys, in two statements', async () => {
    const [old, fresh] = [keyed(), keyed()]
    const { job } = await createJob(ledger, old, ACTOR)
    let answers: unknown[] = []
    const statements = await ledger.statementsOf(async () => {
      answers = await createJobs(ledger, [fresh, old, { ...old, content: 'other' }], ACTOR)
    })
    expect(statements).toHaveLength(2)
    expect(answers).toMatchObject([
      { created: true },
      { created: false, job: { id: job.id } },
      { code: 'IDEMPOTENCY_CONFLICT' },
    ])
  })
})

describe('50 callers that race with one key', () => {
  it('create one job, and 49 get created: false', async () => {
    const input = keyed()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => createJob(ledger, input, `caller ${n}`)))
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1)
    expect(await ledger.prisma.job.count({ where: { idempotencyKey: input.idempotencyKey ?? null } })).toBe(1)
  })

  it('create one job from 50 different inputs, and 49 are refused', async () => {
    const input = keyed()
    const settled = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => createJob(ledger, { ...input, content: `content ${n}` }, ACTOR)),
    )
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of settled) {
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(IdempotencyConflictError)
    }
  })

  it('create each job once with batches in opposite orders', async () => {
    const inputs = Array.from({ length: 30 }, () => keyed())
    const batches = await Promise.all(
      Array.from({ length: 10 }, (_, n) => createJobs(ledger, n % 2 ? inputs : inputs.toReversed(), ACTOR)),
    )
    const created = (batches.flat() as CreatedJob[]).filter((answer) => answer.created)
    expect(created.map(({ job }) => job.idempotencyKey).sort()).toEqual(
      inputs.map(({ idempotencyKey }) => idempotencyKey).sort(),
    )
  })
})
