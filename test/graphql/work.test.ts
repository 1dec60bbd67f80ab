// The mutations for workers over HTTP: the success and every refusal of each.
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  server = await startTestServer({ log })
})
afterAll(() => server.close())

const OUTCOME = `__typename
  ... on TransitionJobSuccess { job { state version attempt remainingAttempts runAt leaseExpiresAt cancelRequestedAt } record { sequence newState actor reason } }
  ... on JobNotFound { code jobId }
  ... on IllegalTransition { code from to allowed }
  ... on VersionConflict { code expectedVersion actualVersion expectedState actualState }
  ... on InvalidInput { code issues { path message } }`

async function ask(field: string, input: object, selection = OUTCOME) {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await server.request(
    `mutation ($input: ${type}!) { answer: ${field}(input: $input) { ${selection} } }`,
    { input },
  )
  expect(errors).toBeUndefined()
  return data.answer
}

const JOBS = `__typename ... on ClaimJobsSuccess { jobs { id jobId state version attempt stateMetadata leaseExpiresAt stateHistory { nodes { newState } } } }
  ... on InvalidInput { issues { path message } }`

let presets = 0

/** A job that a worker claimed over HTTP. */
async function claimed(more: object = {}): Promise<{ id: string; jobId: string; version: number }> {
  presets += 1
  const preset = `work-${presets}`
  await ask('createJob', { content: 'x', preset, ...more }, '__typename')
  const { jobs } = await ask('claimJobs', { workerId: 'w', presets: [preset] }, JOBS)
  return jobs[0]
}

describe('createJob', () => {
  it('accepts priority, runAt and maxAttempts, and refuses values out of range', async () => {
    const selection = `... on CreateJobSuccess { job { priority runAt maxAttempts attempt remainingAttempts leaseExpiresAt stuckReason } }
      ... on InvalidInput { issues { path message } }`
    const runAt = '2030-01-01T12:00:00.000Z'
    expect(await ask('createJob', { content: 'x', priority: -5, runAt, maxAttempts: 3 }, selection)).toEqual({
      job: {
        priority: -5,
        runAt,
        maxAttempts: 3,
        attempt: 0,
        remainingAttempts: 3,
        leaseExpiresAt: null,
        stuckReason: null,
      },
    })
    expect(await ask('createJob', { content: 'x', priority: 1001, maxAttempts: 0 }, selection)).toEqual({
      issues: [
        { path: ['priority'], message: 'must be an integer from -1000 to 1000 (got 1001).' },
        { path: ['maxAttempts'], message: 'must be an integer from 1 to 1000 (got 0).' },
      ],
    })
  })

  it('with an idempotency key returns the existing job for the same input, and refuses a different runAt', async () => {
    const selection = '__typename ... on CreateJobSuccess { created }'
    const input = { content: 'x', idempotencyKey: 'k', runAt: '2030-01-01T12:00:00Z', priority: 1 }
    expect(await ask('createJob', input, selection)).toMatchObject({ created: true })
    expect(await ask('createJob', { ...input, runAt: '2030-01-01T13:00:00+01:00' }, selection)).toMatchObject({
      created: false,
    })
    const other = await ask('createJob', { ...input, runAt: '2031-01-01T12:00:00Z' }, selection)
    expect(other).toEqual({ __typename: 'IdempotencyConflict' })
  })
})

describe('claimJobs', () => {
  it('returns jobs with their leases, and an empty list if no job is due', async () => {
    const job = await claimed()
    expect(job).toMatchObject({
      state: 'PROCESSING',
      version: 2,
      attempt: 1,
      stateMetadata: { workerId: 'w' },
      leaseExpiresAt: expect.any(String),
      stateHistory: { nodes: [{ newState: 'PENDING' }, { newState: 'PROCESSING' }] },
    })
    expect(await ask('claimJobs', { workerId: 'w', presets: ['nobody'] }, JOBS)).toEqual({
      __typename: 'ClaimJobsSuccess',
      jobs: [],
    })
  })

  it('claims only the given jobs, if they are PENDING and due', async () => {
    const jobs = [await newJob(server.ledger, { preset: 'named' }), await newJob(server.ledger, { preset: 'named' })]
    const [first, second] = jobs.map(({ id }) => id) as [string, string]
    const later = await newJob(server.ledger, { runAt: new Date(Date.now() + 3_600_000) })
    const claim = async (input: object): Promise<string[]> => {
      const { jobs: handed } = await ask(
        'claimJobs',
        { workerId: 'w', limit: 10, ...input },
        '... on ClaimJobsSuccess { jobs { jobId } }',
      )
      return handed.map(({ jobId }: { jobId: string }) => jobId)
    }
    expect(await claim({ jobIds: [first.toUpperCase(), later.id, MISSING_ID], presets: ['other'] })).toEqual([])
    expect(await claim({ jobIds: [first, later.id, MISSING_ID], presets: ['named'] })).toEqual([first])
    expect(await claim({ jobIds: [first] })).toEqual([])
    expect(await claim({ jobIds: [] })).toEqual([])
    expect(await claim({ jobIds: [second] })).toEqual([second])
    expect(await ask('claimJobs', { workerId: 'w', jobIds: Array(101).fill(second) }, JOBS)).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['jobIds'], message: 'must have at most 100 ids (got 101).' }],
    })
  })

  it('reports all problems of its input', async () => {
    expect(await ask('claimJobs', { workerId: '', limit: 101, leaseSeconds: 0 }, JOBS)).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['workerId'] }, { path: ['limit'] }, { path: ['leaseSeconds'] }],
    })
  })

  it('costs as much as the jobs that it may return', async () => {
    const query = `mutation { claimJobs(input: { workerId: "w", limit: 100 }) { ... on ClaimJobsSuccess { jobs {
      stateHistory(first: 100) { nodes { job { stateHistory(first: 100) { nodes { sequence } } } } } } } } }`
    const { errors } = await server.request(query)
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: 50_000 } }])
  })
})

describe('extendLeases', () => {
  const SELECTION = `__typename ... on ExtendLeasesSuccess { extended { jobId cancelRequestedAt leaseExpiresAt } lost }
    ... on InvalidInput { issues { path message } }`

  it('returns which jobs are held, which are lost and which must stop', async () => {
    const [kept, lost] = [await claimed(), await claimed()]
    await ask('requestJobCancellation', { jobId: kept.id })
    await ask('releaseJob', { jobId: lost.id, expectedVersion: 2 })
    const leases = [kept, lost].map(({ jobId, version }) => ({ jobId, version }))
    expect(await ask('extendLeases', { leases, leaseSeconds: 600 }, SELECTION)).toEqual({
      __typename: 'ExtendLeasesSuccess',
      extended: [{ jobId: kept.jobId, cancelRequestedAt: expect.any(String), leaseExpiresAt: expect.any(String) }],
      lost: [lost.id],
    })
    const malformed = [{ jobId: 'Not an Id', version: 1 }, ...leases]
    expect(await ask('extendLeases', { leases: malformed }, SELECTION)).toMatchObject({
      extended: [{ jobId: kept.jobId }],
      lost: ['Not an Id', lost.id],
    })
    expect(await ask('extendLeases', { leases: [] }, SELECTION)).toMatchObject({ issues: [{ path: ['leases'] }] })
  })
})

describe('releaseJob', () => {
  it('releases a job, and returns every refusal', async () => {
    const { id } = await claimed()
    expect(await ask('releaseJob', { jobId: id, expectedVersion: 2, reason: 'shutdown' })).toMatchObject({
      job: { state: 'PENDING', version: 3, attempt: 1, remainingAttempts: 1, leaseExpiresAt: null },
      record: { sequence: 3, newState: 'PENDING', reason: 'shutdown', actor: 'user:dev' },
    })
    expect(await ask('releaseJob', { jobId: id, expectedVersion: 2 })).toMatchObject({
      code: 'VERSION_CONFLICT',
      expectedVersion: 2,
      actualVersion: 3,
    })
    expect(await ask('releaseJob', { jobId: id, expectedVersion: 3 })).toMatchObject({ code: 'ILLEGAL_TRANSITION' })
    expect(await ask('releaseJob', { jobId: MISSING_ID, expectedVersion: 1 })).toMatchObject({ code: 'JOB_NOT_FOUND' })
    expect(await ask('releaseJob', { jobId: id, expectedVersion: 0 })).toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('retryJob', () => {
  it('retries a failed job, and returns every refusal', async () => {
    const { id } = await jobIn(server.ledger, 'FAILED')
    const runAt = '2031-01-01T00:00:00.000Z'
    expect(await ask('retryJob', { jobId: id, expectedVersion: 2 })).toMatchObject({ code: 'VERSION_CONFLICT' })
    expect(await ask('retryJob', { jobId: id, reason: 'fixed', runAt })).toMatchObject({
      job: { state: 'PENDING', runAt },
      record: { sequence: 4, reason: 'fixed' },
    })
    expect(await ask('retryJob', { jobId: id })).toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'PENDING' })
    expect(await ask('retryJob', { jobId: MISSING_ID })).toMatchObject({ code: 'JOB_NOT_FOUND' })
    expect(await ask('retryJob', { jobId: id, reason: 'x'.repeat(5000) })).toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('requestJobCancellation', () => {
  it('asks the worker to stop, cancels PENDING jobs, and returns every refusal', async () => {
    const { id } = await claimed()
    expect(await ask('requestJobCancellation', { jobId: id, reason: 'enough' })).toMatchObject({
      job: { state: 'PROCESSING', version: 2, cancelRequestedAt: expect.any(String) },
      record: { sequence: 2, newState: 'PROCESSING' },
    })
    const waiting = await jobIn(server.ledger, 'PENDING')
    expect(await ask('requestJobCancellation', { jobId: waiting.id })).toMatchObject({
      job: { state: 'CANCELLED', version: 2 },
      record: { newState: 'CANCELLED' },
    })
    expect(await ask('requestJobCancellation', { jobId: waiting.id })).toMatchObject({ code: 'ILLEGAL_TRANSITION' })
    expect(await ask('requestJobCancellation', { jobId: MISSING_ID })).toMatchObject({ code: 'JOB_NOT_FOUND' })
    const long = await ask('requestJobCancellation', { jobId: id, reason: 'x'.repeat(5000) })
    expect(long).toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('rescueStuckJobs', () => {
  it('counts and rescues stuck jobs, and stuckJobs shows why they are stuck', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING', { maxAttempts: 2 })
    const selection = '... on RescueStuckJobsSuccess { released failed cancelled } ... on InvalidInput { code }'
    const stuck =
      '{ stuckJobs(olderThanSeconds: 0, last: 1) { edges { node { jobId stuckReason } } nodes { stuckReason } } jobs(first: 1) { nodes { stuckReason } } }'
    const { data } = await server.request(stuck)
    expect(data).toMatchObject({
      stuckJobs: { edges: [{ node: { jobId: id, stuckReason: 'NO_LEASE' } }], nodes: [{ stuckReason: 'NO_LEASE' }] },
      jobs: { nodes: [{ stuckReason: null }] },
    })
    expect(await ask('rescueStuckJobs', {}, selection)).toEqual({ released: 0, failed: 0, cancelled: 0 })
    const dry = await ask('rescueStuckJobs', { olderThanSeconds: 0, dryRun: true }, selection)
    expect(dry.released).toBeGreaterThan(0)
    expect(await ask('rescueStuckJobs', { olderThanSeconds: 0 }, selection)).toEqual(dry)
    expect(await ask('rescueStuckJobs', { olderThanSeconds: -1 }, selection)).toEqual({ code: 'INVALID_INPUT' })
  })
})

describe('an outcome reported after the job was lost', () => {
  it.each(['completeJob', 'failJob', 'releaseJob'])('by %s is refused and logged with both versions', async (field) => {
    const { id, jobId } = await claimed()
    await ask('releaseJob', { jobId: id, expectedVersion: 2 })
    lines.length = 0
    const more = field === 'failJob' ? { errorMessage: 'x' } : {}
    expect(await ask(field, { jobId: id, expectedVersion: 2, ...more })).toMatchObject({
      code: 'VERSION_CONFLICT',
      expectedVersion: 2,
      actualVersion: 3,
    })
    expect(lines).toMatchObject([
      {
        operation: field,
        jobId,
        expectedVersion: 2,
        actualVersion: 3,
        actualState: 'PENDING',
        actor: 'user:dev',
        requestId: expect.any(String),
        msg: 'refused outcome of a worker that had lost the job',
      },
    ])
  })
})
