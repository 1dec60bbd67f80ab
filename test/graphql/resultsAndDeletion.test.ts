// setJobResult, deleteJob and cleanupJobs over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deletedJob, jobCreatedAt, jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const DAY_MS = 86_400_000

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

async function run(query: string, variables: object) {
  const answer = await server.request(query, variables)
  expect(answer.errors).toBeUndefined()
  return Object.values(answer.data as Record<string, never>)[0] as never as Record<string, never>
}

const SET = `mutation ($input: SetJobResultInput!) { setJobResult(input: $input) { __typename
  ... on SetJobResultSuccess { job { jobId state version } result { id status output errorMessage processingTimeMs createdAt updatedAt job { jobId } } }
  ... on Error { code message } ... on JobNotFound { jobId } ... on InvalidInput { issues { path message } } } }`

describe('setJobResult', () => {
  it('creates a result, replaces it, and changes nothing when the same input is repeated', async () => {
    const { id } = await newJob(server.ledger)
    const input = { jobId: id, status: 'ERROR', errorMessage: 'no paper', output: { tries: 3 }, processingTimeMs: 5 }
    const created = await run(SET, { input })
    expect(created).toMatchObject({
      job: { jobId: id, state: 'PENDING', version: 1 },
      result: {
        status: 'ERROR',
        errorMessage: 'no paper',
        output: { tries: 3 },
        processingTimeMs: 5,
        job: { jobId: id },
      },
    })
    expect(await run(SET, { input })).toEqual(created)
    const replaced = await run(SET, { input: { jobId: id, status: 'SUCCESS', output: [] } })
    expect(replaced).toMatchObject({
      result: { status: 'SUCCESS', errorMessage: null, output: [], processingTimeMs: null },
    })
    expect(await server.ledger.prisma.jobResult.count({ where: { jobId: id } })).toBe(1)
  })

  it('refuses a missing job and a deleted one, and keeps the result of the deleted one', async () => {
    expect(await run(SET, { input: { jobId: MISSING_ID, status: 'SUCCESS' } })).toMatchObject({
      __typename: 'JobNotFound',
    })
    const job = await deletedJob(server.ledger)
    expect(await run(SET, { input: { jobId: job.id, status: 'SUCCESS' } })).toMatchObject({
      __typename: 'JobNotFound',
      message: `Job ${job.id} was deleted; its result cannot be changed.`,
    })
  })

  it('refuses an error message that is too long', async () => {
    const { id } = await newJob(server.ledger)
    expect(await run(SET, { input: { jobId: id, status: 'ERROR', errorMessage: 'é'.repeat(2049) } })).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['errorMessage'], message: 'must have at most 4096 bytes (got 4098).' }],
    })
  })
})

const DELETE = `mutation ($input: DeleteJobInput!) { deleteJob(input: $input) { __typename
  ... on DeleteJobSuccess { deleted job { jobId state deletedAt version stateReason stateActor result { status } stateHistory { totalCount } } }
  ... on InvalidInput { issues { path message } } } }`

describe('deleteJob', () => {
  it.each(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const)(
    'cancels a %s job once and keeps its history',
    async (state) => {
      const { id, version } = await jobIn(server.ledger, state)
      const { deleted, job } = await run(DELETE, { input: { jobId: id, reason: 'old' } })
      expect(deleted).toBe(true)
      expect(job).toMatchObject({
        state: 'CANCELLED',
        version: version + 1,
        stateReason: 'old',
        stateActor: 'user:dev',
      })
      expect(job).toMatchObject({ deletedAt: expect.any(String), stateHistory: { totalCount: version + 1 } })
      expect(await run(DELETE, { input: { jobId: id } })).toMatchObject({
        deleted: false,
        job: { jobId: id, version: version + 1 },
      })
    },
  )

  it('returns deleted: false for a missing job', async () => {
    expect(await run(DELETE, { input: { jobId: MISSING_ID } })).toMatchObject({ deleted: false, job: null })
  })

  it('removes a deleted job from lists and counts, but not from queries by id', async () => {
    const { id } = await deletedJob(server.ledger)
    const { data } = await server.request(
      `query ($id: ID!) { job(id: $id) { state } listed: jobCount shown: jobCount(filter: { includeDeleted: true })
        gone: jobs(first: 100) { nodes { jobId } } all: jobs(first: 100, filter: { includeDeleted: true }) { nodes { jobId } } }`,
      { id },
    )
    expect(data.job.state).toBe('CANCELLED')
    expect(data.shown).toBeGreaterThan(data.listed)
    expect(data.gone.nodes).not.toContainEqual({ jobId: id })
    expect(data.all.nodes).toContainEqual({ jobId: id })
  })
})

const CLEANUP = `mutation ($input: CleanupJobsInput!) { cleanupJobs(input: $input) { __typename
  ... on CleanupJobsSuccess { count } ... on InvalidInput { code issues { path message } } } }`

describe('cleanupJobs', () => {
  it('counts old finished jobs with dryRun, then deletes them', async () => {
    const at = (days: number): Date => new Date(Date.now() - days * DAY_MS - 60_000)
    const old = await jobCreatedAt(server.ledger, at(30), 'COMPLETED', 'cleaned')
    const young = await jobCreatedAt(server.ledger, at(29), 'COMPLETED', 'cleaned')
    const waiting = await jobCreatedAt(server.ledger, at(40), 'PENDING', 'cleaned')
    const input = { olderThanDays: 30 }
    expect(await run(CLEANUP, { input: { ...input, dryRun: true } })).toEqual({
      __typename: 'CleanupJobsSuccess',
      count: 1,
    })
    expect(await run(CLEANUP, { input })).toEqual({ __typename: 'CleanupJobsSuccess', count: 1 })
    expect(await run(CLEANUP, { input })).toEqual({ __typename: 'CleanupJobsSuccess', count: 0 })
    const deletedAt = async (id: string) =>
      (await server.ledger.prisma.job.findUniqueOrThrow({ where: { id } })).deletedAt
    expect(await deletedAt(old.id)).toBeInstanceOf(Date)
    expect([await deletedAt(young.id), await deletedAt(waiting.id)]).toEqual([null, null])
    expect(await run(CLEANUP, { input: { ...input, states: ['PENDING'] } })).toMatchObject({ count: 1 })
  })

  it('refuses an age that is out of range', async () => {
    expect(await run(CLEANUP, { input: { olderThanDays: -1 } })).toMatchObject({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      issues: [{ path: ['olderThanDays'], message: 'must be an integer from 0 to 36500 (got -1).' }],
    })
  })
})
