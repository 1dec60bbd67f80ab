// How many more attempts a job gets automatically, as the API reports it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failJob } from '../../src/ledger/finishJob.ts'
import { releaseJob } from '../../src/ledger/releaseJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, deletedJob, jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

async function left(id: string): Promise<number> {
  return (await server.request('query ($id: ID!) { job(id: $id) { remainingAttempts } }', { id })).data.job
    .remainingAttempts
}

const job = async (state: Parameters<typeof jobIn>[1], maxAttempts = 2): Promise<string> =>
  (await jobIn(server.ledger, state, { maxAttempts })).id

describe('remainingAttempts', () => {
  it.each([
    ['waits for its first attempt', () => job('PENDING'), 2],
    ['is at its first attempt', () => job('PROCESSING'), 1],
    ['is completed', () => job('COMPLETED'), 0],
    ['is cancelled', () => job('CANCELLED'), 0],
    ['has failed finally', () => job('FAILED', 1), 0],
    ['is deleted', async () => (await deletedJob(server.ledger)).id, 0],
  ])('of a job that %s', async (_, make, expected) => {
    expect(await left(await make())).toBe(expected)
  })

  it('counts failed attempts as used, but not released ones', async () => {
    const { ledger } = server
    const jobId = await job('PROCESSING')
    await releaseJob(ledger, { jobId, actor: ACTOR, expectedVersion: 2 })
    expect(await left(jobId)).toBe(2)
    await transitionJob(ledger, { jobId, to: 'PROCESSING', actor: ACTOR })
    await failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'x' })
    expect(await left(jobId)).toBe(1)
  })

  it('is 0 once cancellation is requested', async () => {
    const jobId = await job('PROCESSING')
    await requestJobCancellation(server.ledger, { jobId, actor: ACTOR })
    expect(await left(jobId)).toBe(0)
    await failJob(server.ledger, { jobId, actor: ACTOR, errorMessage: 'x' })
    expect(await server.ledger.prisma.job.findUnique({ where: { id: jobId } })).toMatchObject({ state: 'FAILED' })
    expect(await left(jobId)).toBe(0)
  })

  it('is 1 for a job that is retried after its last attempt', async () => {
    const jobId = await job('FAILED', 1)
    await retryJob(server.ledger, { jobId, actor: ACTOR })
    expect(await left(jobId)).toBe(1)
  })
})
