// Rescue: which jobs it takes from their workers, their next state, and which jobs it does not
// change.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import type { CreateJobInput } from '../../src/ledger/createJob.ts'
import { createJobs } from '../../src/ledger/createJob.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { type RescueStuckJobsInput, rescueStuckJobs } from '../../src/ledger/rescueStuckJobs.ts'
import { listStuckJobs, stuckReason } from '../../src/ledger/stuckJobs.ts'
import { jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
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

async function heldJob(input: Partial<CreateJobInput> = {}): Promise<Job> {
  await newJob(ledger, input)
  const [job] = await claimJobs(ledger, { workerId: 'w', actor: 'key:worker' })
  return job as Job
}

/** Moves the start and the end of the lease into the past, bypassing the guards. */
async function age(job: Job, { startedSeconds = 1, leaseSeconds }: { startedSeconds?: number; leaseSeconds?: number }) {
  await session.query('SET session_replication_role = replica')
  await session.query(
    `UPDATE jobs SET started_at = greatest(created_at, now() - interval '1 second' * $2),
       lease_expires_at = CASE WHEN $3::float IS NULL THEN lease_expires_at ELSE now() - interval '1 second' * $3 END WHERE id = $1`,
    [job.id, startedSeconds, leaseSeconds ?? null],
  )
  await session.query('SET session_replication_role = origin')
}

const rescue = (input: Partial<RescueStuckJobsInput> = {}) =>
  rescueStuckJobs(ledger, { actor: 'system:rescue', ...input })
const NOTHING = { released: 0, failed: 0, cancelled: 0 }
const now = async ({ id }: Job) => (await getJob(ledger, id)) as Job

describe('a job whose lease has ended', () => {
  it('returns to PENDING while attempts remain, and uses one up', async () => {
    const job = await heldJob({ maxAttempts: 2 })
    await age(job, { leaseSeconds: 1 })
    expect(await rescue()).toEqual({ ...NOTHING, released: 1 })
    expect(await now(job)).toMatchObject({
      state: 'PENDING',
      attempt: 1,
      releases: 0,
      leaseExpiresAt: null,
      version: 3,
    })
    expect((await historyOf(session, job.id)).at(-1)).toMatchObject({ actor: 'system:rescue', reason: 'lease expired' })
    const [again] = await claimJobs(ledger, { workerId: 'w2', actor: 'key:worker' })
    await age(again as Job, { leaseSeconds: 1 })
    expect(await rescue()).toEqual({ ...NOTHING, failed: 1 })
    expect(await now(job)).toMatchObject({ state: 'FAILED', attempt: 2 })
    expect(await ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } })).toMatchObject({
      status: 'TIMEOUT',
      errorMessage: 'The worker is gone (lease expired), and the attempts are used up (2).',
    })
  })

  it('replaces the result of an earlier attempt when it fails', async () => {
    const job = await heldJob()
    await session.query(
      `INSERT INTO job_results (job_id, status, output, processing_time_ms) VALUES ($1, 'error', '1', 5)`,
      [job.id],
    )
    await age(job, { leaseSeconds: 1 })
    await rescue()
    expect(await ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } })).toMatchObject({
      status: 'TIMEOUT',
      output: null,
      processingTimeMs: null,
    })
  })
})

describe('a job under a live lease', () => {
  it('is never rescued, however long it takes', async () => {
    const job = await heldJob()
    await age(job, { startedSeconds: 86_400 })
    expect(await rescue()).toEqual(NOTHING)
    expect(await rescue({ olderThanSeconds: 0 })).toEqual(NOTHING)
    expect(await now(job)).toMatchObject({ state: 'PROCESSING', version: 2 })
    await completeJob(ledger, { jobId: job.id, actor: 'w', expectedVersion: 2 })
  })
})

describe('a job without a lease', () => {
  it('is rescued only if the caller gives a time in PROCESSING', async () => {
    const job = await jobIn(ledger, 'PROCESSING')
    expect(await rescue()).toEqual(NOTHING)
    expect(await rescue({ olderThanSeconds: 3600 })).toEqual(NOTHING)
    expect(await rescue({ olderThanSeconds: 0, dryRun: true })).toEqual({ ...NOTHING, failed: 1 })
    expect(await now(job)).toMatchObject({ state: 'PROCESSING', version: 2 })
    expect(await rescue({ olderThanSeconds: 0 })).toEqual({ ...NOTHING, failed: 1 })
    expect((await historyOf(session, job.id)).at(-1)).toMatchObject({ new_state: 'FAILED', reason: 'no lease' })
  })

  it('is cancelled if that was requested', async () => {
    const job = await jobIn(ledger, 'PROCESSING')
    await requestJobCancellation(ledger, { jobId: job.id, actor: 'user:ada' })
    expect(await rescue({ olderThanSeconds: 0 })).toEqual({ ...NOTHING, cancelled: 1 })
    expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
      new_state: 'CANCELLED',
      reason: 'requested by user:ada (no lease)',
    })
  })
})

describe('many stuck jobs', () => {
  it('are rescued in batches, within the bounds, and once when two callers race', async () => {
    const inputs = Array.from({ length: 1000 }, () => ({ userId: 'u', content: 'x', maxAttempts: 9 }))
    await createJobs(ledger, inputs, 'maker')
    await createJobs(ledger, inputs.slice(0, 200), 'maker')
    while ((await claimJobs(ledger, { workerId: 'w', actor: 'w', limit: 100, leaseSeconds: 1 })).length > 0);
    await session.query("UPDATE jobs SET lease_expires_at = now() - interval '1 s' WHERE lease_expires_at IS NOT NULL")
    expect(await rescue({ dryRun: true })).toEqual({ ...NOTHING, released: 1200 })
    expect(await rescueStuckJobs(ledger, { actor: 'r' }, { maxJobs: 150 })).toEqual({ ...NOTHING, released: 150 })
    expect(await rescueStuckJobs(ledger, { actor: 'r' }, { signal: AbortSignal.abort() })).toEqual(NOTHING)
    const both = await Promise.all([rescue(), rescue()])
    expect(both[0].released + both[1].released).toBe(1050)
    expect(await rescue()).toEqual(NOTHING)
  })
})

describe('a job whose history was damaged', () => {
  it('stays unchanged and does not prevent the rescue of others', async () => {
    const [damaged, sound] = [await heldJob({ maxAttempts: 2 }), await heldJob({ maxAttempts: 2 })]
    for (const job of [damaged, sound]) await age(job, { leaseSeconds: 1 })
    await session.query('SET session_replication_role = replica')
    const { rows } = await session.query('DELETE FROM job_states WHERE job_id = $1 AND sequence = $2 RETURNING *', [
      damaged.id,
      damaged.version,
    ])
    expect(await rescue()).toEqual({ ...NOTHING, released: 1 })
    expect([await now(damaged), await now(sound)]).toMatchObject([{ state: 'PROCESSING' }, { state: 'PENDING' }])
    await session.query('INSERT INTO job_states SELECT * FROM json_populate_record(NULL::job_states, $1)', [rows[0]])
    await session.query('SET session_replication_role = origin')
    expect(await rescue()).toEqual({ ...NOTHING, released: 1 })
  })
})

describe('why a job is stuck', () => {
  it('is derived from its lease', async () => {
    const [gone, alive] = [await heldJob(), await heldJob()]
    const none = await jobIn(ledger, 'PROCESSING')
    await age(gone, { startedSeconds: 20, leaseSeconds: 1 })
    for (const job of [alive, none]) await age(job, { startedSeconds: 20 })
    const { rows, at } = await listStuckJobs(ledger, { olderThanSeconds: 0 })
    const reasons = new Map(rows.map((job) => [job.id, stuckReason(job, { at, olderThanSeconds: 0 })]))
    expect([gone, alive, none].map(({ id }) => reasons.get(id))).toEqual(['LEASE_EXPIRED', 'TOO_LONG', 'NO_LEASE'])
    expect(rows.map((job) => stuckReason(job, { at, olderThanSeconds: 3600 }))).toEqual(rows.map(() => null))
    expect(stuckReason(await jobIn(ledger, 'FAILED'), { at, olderThanSeconds: 0 })).toBe(null)
  })
})

describe('rescue', () => {
  it('refuses invalid input', async () => {
    await expect(rescue({ olderThanSeconds: -1 })).rejects.toThrow(
      'olderThanSeconds: must be an integer from 0 to 2147483647 (got -1).',
    )
    await expect(rescue({ actor: 'db:me' })).rejects.toThrow(/must not start with "db:"/)
  })
})
