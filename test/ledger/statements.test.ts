// The number of statements of each operation: one if it succeeds, and a second one to find out why
// it was refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import { countJobs, countJobsByState } from '../../src/ledger/countJobs.ts'
import { createJob } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { getJob, getJobState } from '../../src/ledger/getJob.ts'
import { countJobStateRecords, getJobHistory, listJobStateRecords } from '../../src/ledger/jobHistory.ts'
import { getJobResult, setJobResult } from '../../src/ledger/jobResult.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { releaseJob } from '../../src/ledger/releaseJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { countStuckJobs, listStuckJobs } from '../../src/ledger/stuckJobs.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { cursorAt } from '../support/cursors.ts'
import { ACTOR, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
  for (let times = 0; times < 3; times += 1) await jobIn(ledger, 'COMPLETED')
})

afterAll(() => ledger.close())

const statements = async (work: () => Promise<unknown>) =>
  (await ledger.statementsOf(() => work().catch(() => undefined))).length

describe('one statement', () => {
  it.each<[string, (jobId: string) => Promise<unknown>]>([
    ['creating a job', () => createJob(ledger, { userId: 'u', content: 'c', idempotencyKey: 'first' }, ACTOR)],
    [
      'a transition',
      (jobId) => transitionJob(ledger, { jobId, to: 'PENDING', actor: ACTOR, expectedVersion: 2, metadata: { a: 1 } }),
    ],
    [
      'a batch of transitions',
      (jobId) =>
        transitionJobs(
          ledger,
          [
            { jobId, to: 'PENDING' },
            { jobId, to: 'FAILED' },
            { jobId: MISSING_ID, to: 'FAILED' },
          ],
          ACTOR,
        ),
    ],
    [
      'a batch of transitions within the scope of an owner',
      (jobId) => transitionJobs(ledger, [{ jobId, ownerId: 'user', to: 'PENDING' }], ACTOR),
    ],
    ['completing', (jobId) => completeJob(ledger, { jobId, actor: ACTOR, output: 1 })],
    ['failing', (jobId) => failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'e' })],
    ['deleting', (jobId) => deleteJob(ledger, { jobId, ownerId: 'user', actor: ACTOR })],
    ['releasing', (jobId) => releaseJob(ledger, { jobId, actor: ACTOR, expectedVersion: 2 })],
    ['requesting a cancellation', (jobId) => requestJobCancellation(ledger, { jobId, actor: ACTOR })],
    ['claiming', () => claimJobs(ledger, { workerId: 'w', actor: ACTOR })],
    ['reading a job', (jobId) => getJob(ledger, jobId)],
    ['reading its state', (jobId) => getJobState(ledger, jobId)],
    ['reading its result', (jobId) => getJobResult(ledger, jobId)],
    ['a page of its history', (jobId) => getJobHistory(ledger, jobId)],
    ['a page of records', () => listJobStateRecords(ledger, { filter: { userId: 'user' } })],
    ['a page of jobs', () => listJobs(ledger, { filter: { states: ['COMPLETED'], metadata: {} }, first: 2 })],
    [
      'a page of jobs by completion that is full',
      () => listJobs(ledger, { orderBy: { field: 'COMPLETED_AT', direction: 'ASC' }, first: 2 }),
    ],
    ['a count of jobs', () => countJobs(ledger, { userId: 'u' })],
    ['the counts by state', () => countJobsByState(ledger)],
    ['a count of records', () => countJobStateRecords(ledger, { actor: ACTOR })],
  ])('is enough for %s', async (_, work) => {
    const { id } = await jobIn(ledger, 'PROCESSING')
    expect(await statements(() => work(id))).toBe(1)
  })
})

describe('one statement for a PENDING or FAILED job', () => {
  it('is enough to cancel or to retry it', async () => {
    const [pending, failed] = [await newJob(ledger), await jobIn(ledger, 'FAILED')]
    expect(await statements(() => requestJobCancellation(ledger, { jobId: pending.id, actor: ACTOR }))).toBe(1)
    expect(await statements(() => retryJob(ledger, { jobId: failed.id, ownerId: 'user', actor: ACTOR }))).toBe(1)
    expect(await getJobState(ledger, pending.id)).toBe('CANCELLED')
    expect(await getJobState(ledger, failed.id)).toBe('PENDING')
  })
})

describe('a second statement', () => {
  it('finds out why a transition was refused', async () => {
    const { id: jobId } = await jobIn(ledger, 'COMPLETED')
    expect(await statements(() => transitionJob(ledger, { jobId, to: 'PENDING', actor: ACTOR }))).toBe(2)
    expect(await statements(() => completeJob(ledger, { jobId, actor: ACTOR }))).toBe(2)
    expect(await statements(() => deleteJob(ledger, { jobId: MISSING_ID, actor: ACTOR }))).toBe(2)
  })

  it('reads the job of an existing idempotency key, and the result that was set', async () => {
    const input = { userId: 'u', content: 'c', idempotencyKey: 'known' }
    await createJob(ledger, input, ACTOR)
    expect(await statements(() => createJob(ledger, input, ACTOR))).toBe(2)
    const { id: jobId } = await newJob(ledger)
    expect(await statements(() => setJobResult(ledger, { jobId, actor: 'user:ada', status: 'SUCCESS' }))).toBe(2)
  })

  it('reads the jobs that are not completed if the completed ones do not fill the page', async () => {
    await newJob(ledger)
    const orderBy = { field: 'COMPLETED_AT', direction: 'DESC' } as const
    expect(await statements(() => listJobs(ledger, { orderBy, first: 100 }))).toBe(2)
  })
})

describe('no statement', () => {
  it('is sent for invalid input', async () => {
    expect(await statements(() => transitionJob(ledger, { jobId: 'x', to: 'PENDING', actor: ACTOR }))).toBe(0)
    expect(await statements(() => createJob(ledger, { userId: '', content: '' }, ACTOR))).toBe(0)
    expect(await statements(() => listJobs(ledger, { first: 101 }))).toBe(0)
  })

  it('is needed for hasNextPage and hasPreviousPage at an end of the list', async () => {
    for (const request of [{ first: 2 }, { last: 2 }, { first: 100 }]) {
      const page = await listJobs(ledger, request)
      expect(await statements(async () => [await page.hasNextPage(), await page.hasPreviousPage()])).toBe(0)
    }
  })

  it('is needed except one to find rows beyond a cursor', async () => {
    const two = await listJobs(ledger, { first: 2 })
    const page = await listJobs(ledger, { first: 1, after: cursorAt(two, 0) })
    expect(await statements(() => page.hasNextPage())).toBe(0)
    expect(await statements(() => page.hasPreviousPage())).toBe(1)
  })
})

describe('two statements', () => {
  it('are needed for stuck jobs: one reads the time of the database', async () => {
    expect(await statements(() => listStuckJobs(ledger))).toBe(2)
    expect(await statements(() => countStuckJobs(ledger))).toBe(2)
  })
})
