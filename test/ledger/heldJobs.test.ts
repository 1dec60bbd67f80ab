// Operations on a job that a worker holds: extending its lease, releasing it, requesting its
// cancellation, rescuing it.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import type { CreateJobInput } from '../../src/ledger/createJob.ts'
import { extendLeases } from '../../src/ledger/extendLeases.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { releaseJob } from '../../src/ledger/releaseJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { rescueStuckJobs } from '../../src/ledger/rescueStuckJobs.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger({ connections: 40 })
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

let presets = 0

/** A job that a worker has claimed. */
async function heldJob(input: Partial<CreateJobInput> = {}, leaseSeconds = 60): Promise<Job> {
  presets += 1
  const preset = `held-${presets}`
  await newJob(ledger, { preset, ...input })
  const [job] = await claimJobs(ledger, { workerId: 'w', actor: 'key:worker', presets: [preset], leaseSeconds })
  return job as Job
}

/** Makes the lease of a job expire now. */
async function endLease({ id }: Job): Promise<void> {
  await session.query("UPDATE jobs SET lease_expires_at = now() - interval '1 second' WHERE id = $1", [id])
}

const states = async ({ id }: Job) => (await historyOf(session, id)).map(({ new_state }) => new_state)
const last = async ({ id }: Job) => (await historyOf(session, id)).at(-1)
const now = async ({ id }: Job) => (await getJob(ledger, id)) as Job
const held = ({ id, version }: Job) => ({ jobId: id, version })
const byWorker = ({ id, version }: Job) => ({ jobId: id, expectedVersion: version, actor: 'key:worker' })

describe('extending leases', () => {
  it('extends the leases of held jobs, writes no record, and reports which are lost', async () => {
    const [mine, lost, done] = [await heldJob(), await heldJob(), await heldJob()]
    await releaseJob(ledger, byWorker(lost))
    await completeJob(ledger, byWorker(done))
    const leases = [held(lost), held(mine), held(done), { jobId: MISSING_ID, version: 1 }, held(mine)]
    const answer = await extendLeases(ledger, { leases, leaseSeconds: 3600 })
    expect(answer.extended.map(({ id }) => id)).toEqual([mine.id])
    expect(answer.lost).toEqual([lost.id, done.id, MISSING_ID])
    const after = await now(mine)
    expect(after).toEqual({ ...mine, leaseExpiresAt: after.leaseExpiresAt })
    expect(after.leaseExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_590_000)
    expect(await historyOf(session, mine.id)).toHaveLength(2)
  })

  it('runs one statement for any number of leases', async () => {
    const jobs = [await heldJob(), await heldJob()]
    expect(await ledger.statementsOf(() => extendLeases(ledger, { leases: jobs.map(held) }))).toHaveLength(1)
  })

  it('extends a lease that has ended, unless the job was taken since', async () => {
    const job = await heldJob()
    await endLease(job)
    expect((await extendLeases(ledger, { leases: [held(job)] })).extended).toHaveLength(1)
    expect(await rescueStuckJobs(ledger, { actor: 'system:rescue' })).toEqual({ released: 0, failed: 0, cancelled: 0 })
  })

  it.each([
    [{ leases: [] }, 'leases: must have 1 to 1000 items (got 0).'],
    [{ leases: [{ jobId: 'x', version: 0 }] }, 'leases.0.version: must be'],
    [{ leases: [{ jobId: MISSING_ID, version: 1 }], leaseSeconds: 0 }, 'leaseSeconds: must be an integer from 1'],
  ])('refuses bad input (%#)', async (input, message) => {
    await expect(extendLeases(ledger, input)).rejects.toThrow(message)
  })
})

describe('releasing a job', () => {
  it('returns it to the queue without using up an attempt, and it is not claimed before runAt', async () => {
    const runAt = new Date(Date.now() + 60_000)
    const job = await heldJob({ maxAttempts: 1 })
    const released = await releaseJob(ledger, { ...byWorker(job), reason: 'not today', runAt })
    expect(released).toMatchObject({ state: 'PENDING', attempt: 1, releases: 1, leaseExpiresAt: null, runAt })
    expect(await last(job)).toMatchObject({ previous_state: 'PROCESSING', reason: 'not today', actor: 'key:worker' })
    expect(await claimJobs(ledger, { workerId: 'w', actor: 'w', presets: [job.preset as string] })).toEqual([])
  })

  it('counts the same with transitionJob and in a batch, and only for PROCESSING jobs', async () => {
    const [one, two] = [await heldJob(), await heldJob()]
    await transitionJob(ledger, { jobId: one.id, to: 'PENDING', actor: 'a' })
    await transitionJobs(ledger, [{ jobId: two.id, to: 'PENDING' }], 'a')
    expect([await now(one), await now(two)]).toMatchObject([{ releases: 1 }, { releases: 1 }])
    const failed = await jobIn(ledger, 'FAILED')
    await transitionJob(ledger, { jobId: failed.id, to: 'PENDING', actor: 'a' })
    expect(await now(failed)).toMatchObject({ state: 'PENDING', attempt: 1, releases: 0 })
  })

  it('refuses a different version, a different state and a missing job', async () => {
    const job = await heldJob()
    const stale = releaseJob(ledger, { ...byWorker(job), expectedVersion: 1 })
    await expect(stale).rejects.toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 1, actualVersion: 2 })
    await completeJob(ledger, byWorker(job))
    const late = releaseJob(ledger, { ...byWorker(job), expectedVersion: 3 })
    await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'COMPLETED', to: 'PENDING' })
    const failed = await jobIn(ledger, 'FAILED')
    const wrong = releaseJob(ledger, { ...byWorker(failed), expectedVersion: failed.version })
    await expect(wrong).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      expectedState: 'PROCESSING',
      actualState: 'FAILED',
    })
    const missing = releaseJob(ledger, { jobId: MISSING_ID, expectedVersion: 1, actor: 'a' })
    await expect(missing).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })
})

describe('a request to cancel', () => {
  it('cancels a PENDING job at once', async () => {
    const { id } = await newJob(ledger)
    const job = await requestJobCancellation(ledger, { jobId: id, actor: 'user:ada', reason: 'enough' })
    expect(job).toMatchObject({
      state: 'CANCELLED',
      stateActor: 'user:ada',
      stateReason: 'enough',
      cancelRequestedAt: null,
    })
  })

  it('is stored once on a PROCESSING job, without changing its version', async () => {
    const job = await heldJob()
    const requested = await requestJobCancellation(ledger, { jobId: job.id, actor: 'user:ada', reason: 'enough' })
    expect(requested).toMatchObject({ state: 'PROCESSING', version: 2, cancelRequestedAt: expect.any(Date) })
    const again = await requestJobCancellation(ledger, { jobId: job.id, actor: 'user:bob', reason: 'me too' })
    expect(again).toEqual(requested)
    const [seen] = (await extendLeases(ledger, { leases: [held(job)] })).extended
    expect(seen).toMatchObject({ cancelRequestedAt: requested.cancelRequestedAt, cancelRequestedBy: 'user:ada' })
    await transitionJob(ledger, { jobId: job.id, to: 'CANCELLED', actor: 'key:worker', expectedVersion: 2 })
    expect(await now(job)).toMatchObject({ state: 'CANCELLED', cancelRequestedAt: requested.cancelRequestedAt })
  })

  it('cancels the job in the same commit when the worker releases it', async () => {
    const job = await heldJob()
    await requestJobCancellation(ledger, { jobId: job.id, actor: 'user:ada', reason: 'enough' })
    expect(await releaseJob(ledger, byWorker(job))).toMatchObject({ state: 'PENDING', version: 3 })
    expect(await states(job)).toEqual(['PENDING', 'PROCESSING', 'PENDING', 'CANCELLED'])
    expect(await last(job)).toMatchObject({ actor: 'system:cancel', reason: 'requested by user:ada: enough' })
  })

  it('prevents another attempt after a failure, and does not affect a completed job', async () => {
    const [failing, completing] = [await heldJob({ maxAttempts: 5 }), await heldJob()]
    for (const { id } of [failing, completing]) await requestJobCancellation(ledger, { jobId: id, actor: 'user:ada' })
    await failJob(ledger, { ...byWorker(failing), errorMessage: 'stopped' })
    await completeJob(ledger, byWorker(completing))
    expect([await now(failing), await now(completing)]).toMatchObject([{ state: 'FAILED' }, { state: 'COMPLETED' }])
  })

  it('takes effect when the lease ends, not before', async () => {
    const job = await heldJob({ maxAttempts: 5 })
    await requestJobCancellation(ledger, { jobId: job.id, actor: 'user:ada', reason: 'enough' })
    expect(await rescueStuckJobs(ledger, { actor: 'system:rescue' })).toMatchObject({ cancelled: 0 })
    await endLease(job)
    expect(await rescueStuckJobs(ledger, { actor: 'system:rescue' })).toEqual({ released: 0, failed: 0, cancelled: 1 })
    expect(await states(job)).toEqual(['PENDING', 'PROCESSING', 'CANCELLED'])
    expect(await last(job)).toMatchObject({
      actor: 'system:rescue',
      reason: 'requested by user:ada: enough (lease expired)',
    })
  })

  it('is refused for finished, deleted and missing jobs', async () => {
    for (const state of ['COMPLETED', 'FAILED', 'CANCELLED'] as const) {
      const { id } = await jobIn(ledger, state)
      const refused = requestJobCancellation(ledger, { jobId: id, actor: 'a' })
      await expect(refused).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', from: state, to: 'CANCELLED' })
    }
    const { id } = await deletedJob(ledger)
    await expect(requestJobCancellation(ledger, { jobId: id, actor: 'a' })).rejects.toThrow(/was deleted/)
    const missing = requestJobCancellation(ledger, { jobId: MISSING_ID, actor: 'a' })
    await expect(missing).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })
})

describe('a job that its worker finishes while it is rescued', () => {
  it('has one outcome, whichever caller wins', async () => {
    const jobs: Job[] = []
    for (let n = 0; n < 30; n += 1) jobs.push(await heldJob({ maxAttempts: 1 }))
    for (const job of jobs) await endLease(job)
    const ends = jobs.map((job) =>
      completeJob(ledger, { ...byWorker(job), output: 'done' }).catch((error) => error.code),
    )
    const [rescued, ...ended] = await Promise.all([rescueStuckJobs(ledger, { actor: 'system:rescue' }), ...ends])
    const completed = ended.filter((end) => end !== 'VERSION_CONFLICT').length
    expect(rescued.failed + completed).toBe(30)
    for (const job of jobs) {
      const { state } = await now(job)
      expect(await states(job)).toEqual(['PENDING', 'PROCESSING', state])
      const result = await ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } })
      expect(result?.status).toBe(state === 'COMPLETED' ? 'SUCCESS' : 'TIMEOUT')
    }
  })
})
