// createJob and createJobs over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const CREATE = 'mutation ($input: CreateJobInput!) { createJob(input: $input) { ...Outcome } }'
const CREATE_MANY = 'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { ...Outcome } }'
const OUTCOME = `fragment Outcome on CreateJobResult {
  __typename
  ... on CreateJobSuccess { created job {
    id jobId userId content preset state stateReason stateActor stateMetadata version isTerminal allowedTransitions metadata
    createdAt updatedAt startedAt completedAt deletedAt result { id }
    stateHistory { totalCount nodes { sequence previousState newState actor timestamp previousStateDurationMs } } } }
  ... on Error { code message }
  ... on InvalidInput { issues { path message } }
  ... on IdempotencyConflict { existingJob { jobId content } }
}`

async function create(input: object, headers: Record<string, string> = {}) {
  const answer = await server.request(CREATE + OUTCOME, { input }, headers)
  expect(answer.errors).toBeUndefined()
  return answer.data.createJob
}

describe('createJob', () => {
  it('creates a PENDING job with one record, for the caller or the given user', async () => {
    const { created, job } = await create({ content: 'report.pdf', preset: 'fast', metadata: { pages: 3 } })
    expect(created).toBe(true)
    expect(job).toMatchObject({
      userId: 'dev',
      content: 'report.pdf',
      preset: 'fast',
      state: 'PENDING',
      stateReason: null,
      stateActor: 'user:dev',
      stateMetadata: {},
      version: 1,
      isTerminal: false,
      allowedTransitions: ['PROCESSING', 'CANCELLED'],
      metadata: { pages: 3 },
      updatedAt: job.createdAt,
      startedAt: null,
      completedAt: null,
      deletedAt: null,
      result: null,
      stateHistory: {
        totalCount: 1,
        nodes: [
          {
            sequence: 1,
            previousState: null,
            newState: 'PENDING',
            actor: 'user:dev',
            timestamp: job.createdAt,
            previousStateDurationMs: null,
          },
        ],
      },
    })
    expect(Buffer.from(job.id, 'base64').toString()).toBe(`Job:${job.jobId}`)
    expect((await create({ content: 'x', userId: 'brandt' })).job).toMatchObject({
      userId: 'brandt',
      stateActor: 'user:dev',
    })
  })

  it('ignores request headers that claim to identify the caller', async () => {
    const { job } = await create({ content: 'x' }, { 'x-actor': 'ada', actor: 'ada', 'x-user-id': 'ada' })
    expect([job.userId, job.stateActor]).toEqual(['dev', 'user:dev'])
  })

  it('returns the existing job for the same idempotency key and input, and a conflict for another input', async () => {
    const input = { content: 'once', idempotencyKey: 'k1', metadata: { a: 1, b: [2] } }
    const first = await create(input)
    const again = await create({ ...input, metadata: { b: [2], a: 1 } })
    expect([first.created, again.created]).toEqual([true, false])
    expect(again.job.jobId).toBe(first.job.jobId)
    expect(await create({ ...input, content: 'twice' })).toMatchObject({
      __typename: 'IdempotencyConflict',
      code: 'IDEMPOTENCY_CONFLICT',
      existingJob: { jobId: first.job.jobId, content: 'once' },
    })
    expect((await create({ ...input, content: 'twice', userId: 'brandt' })).created).toBe(true)
  })

  it('creates one job when fifty requests with the same key race', async () => {
    const racers = await Promise.all(
      Array.from({ length: 50 }, () => create({ content: 'race', idempotencyKey: 'race' })),
    )
    expect(racers.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(racers.map(({ job }) => job.jobId)).size).toBe(1)
    expect(await server.ledger.prisma.job.count({ where: { idempotencyKey: 'race' } })).toBe(1)
  })

  it('reports all problems of an input with limits and values, and writes nothing', async () => {
    const before = await server.ledger.prisma.job.count()
    const refused = await create({
      content: 'x'.repeat(1024 * 1024 + 1),
      userId: '',
      preset: 'p'.repeat(201),
      idempotencyKey: 'nul\0',
      metadata: { half: '\ud800' },
    })
    expect(refused).toMatchObject({ __typename: 'InvalidInput', code: 'INVALID_INPUT' })
    expect(refused.issues).toEqual([
      { path: ['userId'], message: 'must have 1 to 200 characters (got 0).' },
      { path: ['content'], message: 'must have at most 1048576 bytes (got 1048577).' },
      { path: ['preset'], message: 'must have 1 to 200 characters (got 201).' },
      { path: ['metadata'], message: 'must be valid Unicode (found half of a surrogate pair).' },
      {
        path: ['idempotencyKey'],
        message: 'must not contain a NUL character, which PostgreSQL cannot store (found at position 3).',
      },
    ])
    expect(await server.ledger.prisma.job.count()).toBe(before)
  })

  it('stores JSON unchanged, and refuses integers that were rounded in transit', async () => {
    const metadata = { text: '\u{1f600} é', list: [null, true, -0.5, 1e300, { deep: [] }], largest: 9007199254740991 }
    // JavaScript treats 1e300 as an integer that it cannot represent exactly.
    expect(await create({ content: 'x', metadata })).toMatchObject({ __typename: 'InvalidInput' })
    const kept = { ...metadata, list: [null, true, -0.5, 1.5e-300, { deep: [] }] }
    expect((await create({ content: 'x', metadata: kept })).job.metadata).toEqual(kept)
    const { issues } = await create({ content: 'x', metadata: { id: 2 ** 53 + 2 } })
    expect(issues[0]).toMatchObject({ path: ['metadata'], message: expect.stringContaining('send them as strings') })
  })
})

describe('createJobs', () => {
  it('returns a result for each job, in order', async () => {
    const inputs = [
      { content: 'a' },
      { content: 'b\0' },
      { content: 'c', idempotencyKey: 'k2' },
      { content: 'd', idempotencyKey: 'k2' },
    ]
    const answer = await server.request(CREATE_MANY + OUTCOME, { inputs })
    const [a, b, c, d] = answer.data.createJobs
    expect([a.job.content, c.job.content]).toEqual(['a', 'c'])
    expect(a.job.jobId < c.job.jobId).toBe(true)
    expect(b).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['content'] }] })
    expect(d).toMatchObject({ __typename: 'IdempotencyConflict', existingJob: { jobId: c.job.jobId } })
  })

  it.each([[[]], [Array.from({ length: 1001 }, () => ({ content: 'x' }))]])(
    'refuses an empty batch and one that is too large',
    async (inputs) => {
      const answer = await server.request(`${CREATE_MANY} fragment Outcome on CreateJobResult { __typename }`, {
        inputs,
      })
      expect(answer.errors?.[0]).toMatchObject({
        message: `inputs: must have 1 to 1000 items (got ${inputs.length}).`,
        extensions: { code: 'BAD_USER_INPUT' },
      })
    },
  )
})
