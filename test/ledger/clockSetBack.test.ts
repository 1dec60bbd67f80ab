// After the clock of the database was set back, no job and no lease from before waits until the
// clock catches up.
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { type ClaimJobsInput, claimJobs } from '../../src/ledger/claimJobs.ts'
import type { CreateJobInput } from '../../src/ledger/createJob.ts'
import { extendLeases } from '../../src/ledger/extendLeases.ts'
import { failJob } from '../../src/ledger/finishJob.ts'
import { releaseJob } from '../../src/ledger/releaseJob.ts'
import { rescueStuckJobs } from '../../src/ledger/rescueStuckJobs.ts'
import { stuckReason } from '../../src/ledger/stuckJobs.ts'
import { rescueStuckJobsTask } from '../../src/maintenance/rescueStuckJobs.ts'
import { isTimeFor, savePosition } from '../../src/maintenance/taskProgress.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

beforeEach(async () => {
  await session.query('SET session_replication_role = replica; DELETE FROM jobs; DELETE FROM job_states')
  await session.query('SET session_replication_role = origin')
})

afterAll(() => ledger.close())

const claim = (input: Partial<ClaimJobsInput> = {}): Promise<Job[]> =>
  claimJobs(ledger, { workerId: 'w', actor: 'key:worker', limit: 10, ...input })
const contents = (jobs: Job[]): string[] => jobs.map(({ content }) => content)
const rescue = () => rescueStuckJobs(ledger, { actor: 'system:rescue' })
const hence = (hours: number) => new Date(Date.now() + hours * 3_600_000)

/**
 * Sets the clock back for a job, by moving all its times into the future. Returns the changed job.
 */
async function setClockBack({ id }: Job, back: string): Promise<Job> {
  await session.query('SET session_replication_role = replica')
  const { rows } = await session.query<{ id: string }>(
    `WITH moved AS (SELECT (lpad(to_hex((extract(epoch FROM created_at + $2::interval) * 1000)::bigint), 12, '0')
       || substr(replace(id::text, '-', ''), 13))::uuid AS id FROM jobs WHERE id = $1)
     UPDATE jobs SET id = moved.id, created_at = jobledger.uuid_time(moved.id), updated_at = updated_at + $2::interval,
       started_at = started_at + $2::interval, run_at = greatest(run_at + $2::interval, jobledger.uuid_time(moved.id)),
       lease_expires_at = lease_expires_at + $2::interval
     FROM moved WHERE jobs.id = $1 RETURNING jobs.id`,
    [id, back],
  )
  const moved = rows[0]?.id ?? ''
  await session.query('UPDATE job_states SET job_id = $2, "timestamp" = "timestamp" + $3::interval WHERE job_id = $1', [
    id,
    moved,
    back,
  ])
  await session.query('SET session_replication_role = origin')
  return (await ledger.prisma.job.findUnique({ where: { id: moved } })) as Job
}

async function claimed(input: Partial<CreateJobInput & { leaseSeconds: number }> = {}): Promise<Job> {
  const { leaseSeconds, ...given } = input
  await newJob(ledger, given)
  const [job] = await claim({ limit: 1, leaseSeconds })
  return job as Job
}

describe.each(['30 seconds', '1 day', '10 years'])('after the clock was set back by %s', (back) => {
  it.each([
    ['any', () => ({})],
    ['its preset', () => ({ presets: ['p', 'q'] })],
    ['its id', (id: string) => ({ jobIds: [id] })],
  ])('a job without runAt is due, whoever asks for %s', async (_, ask) => {
    const job = await setClockBack(await newJob(ledger, { preset: 'p', content: 'ahead' }), back)
    await newJob(ledger, { preset: 'p', content: 'later', runAt: hence(1) })
    await newJob(ledger, { preset: 'q', content: 'much later', runAt: hence(100 * 365 * 24) })
    expect(contents(await claim(ask(job.id)))).toEqual(['ahead'])
    expect(await claim()).toEqual([])
  })

  it('makes a released job due again', async () => {
    const job = await setClockBack(await claimed({ content: 'ahead' }), back)
    await releaseJob(ledger, { jobId: job.id, expectedVersion: job.version, actor: 'key:worker' })
    expect(contents(await claim())).toEqual(['ahead'])
  })

  it('keeps the runAt that a caller has set', async () => {
    await setClockBack(await newJob(ledger, { runAt: hence(1) }), back)
    expect(await claim()).toEqual([])
  })
})

describe('a job that waits for another attempt', () => {
  const run = () =>
    rescueStuckJobsTask.run(ledger, { maxJobs: 100, signal: new AbortController().signal }).then(({ counts }) => counts)
  const fail = ({ id }: Job) => failJob(ledger, { jobId: id, actor: 'w', errorMessage: 'x' })

  it('is made due by maintenance if it would wait longer than the maximum after a failure', async () => {
    const job = await setClockBack(await fail(await claimed({ content: 'ahead', maxAttempts: 3 })), '2 hours')
    expect(job).toMatchObject({ state: 'PENDING', stateActor: 'system:retry' })
    expect(await claim()).toEqual([])
    expect(await run()).toMatchObject({ madeDue: 1 })
    expect(contents(await claim())).toEqual(['ahead'])
    expect(await run()).toMatchObject({ madeDue: 0 })
  })

  it('still waits while another job is in the future', async () => {
    const job = await claimed({ maxAttempts: 3 })
    await setClockBack(await newJob(ledger, { content: 'ahead' }), '1 year')
    await fail(job)
    expect(await run()).toMatchObject({ madeDue: 0 })
    expect(contents(await claim())).toEqual(['ahead'])
  })

  it.each(['1 minute', '2 hours'])(
    'waits from the current time if it fails after the clock was set back by %s',
    async (back) => {
      const job = await claimed({ maxAttempts: 3 })
      await session.query('SET session_replication_role = replica')
      await session.query(
        'UPDATE jobs SET started_at = started_at + $1::interval, updated_at = updated_at + $1::interval',
        [back],
      )
      await session.query('SET session_replication_role = origin')
      await fail(job)
      const { runAt } = await ledger.prisma.job.findUniqueOrThrow({ where: { id: job.id } })
      expect(runAt.getTime() - Date.now()).toBeGreaterThan(0)
      expect(runAt.getTime() - Date.now()).toBeLessThan(15_000)
      expect(await claim()).toEqual([])
    },
  )
})

describe('a lease from before the clock was set back', () => {
  it('has ended if it expires later than any lease that starts now', async () => {
    const job = await setClockBack(await claimed({ maxAttempts: 2 }), '2 days')
    expect(stuckReason({ ...job, startedAt: hence(-2) }, { at: new Date(), olderThanSeconds: 0 })).toBe('LEASE_EXPIRED')
    expect(await rescue()).toEqual({ released: 1, failed: 0, cancelled: 0 })
  })

  it('is corrected when its worker extends it', async () => {
    const job = await setClockBack(await claimed(), '2 days')
    const { extended } = await extendLeases(ledger, {
      leases: [{ jobId: job.id, version: job.version }],
      leaseSeconds: 60,
    })
    expect(extended[0]?.leaseExpiresAt?.getTime()).toBeLessThan(hence(1).getTime())
    expect(await rescue()).toEqual({ released: 0, failed: 0, cancelled: 0 })
  })

  it('stays valid until it expires if it has the maximum duration', async () => {
    const job = await claimed({ leaseSeconds: 86_400 })
    expect(stuckReason({ ...job, startedAt: hence(-2) }, { at: new Date(), olderThanSeconds: 0 })).toBe('TOO_LONG')
    expect(await rescue()).toEqual({ released: 0, failed: 0, cancelled: 0 })
  })
})

describe('maintenance that last ran while the clock was ahead', () => {
  it('runs', async () => {
    await savePosition(ledger.sql, 'cleanupJobs', null)
    expect(await isTimeFor(ledger.sql, 'cleanupJobs', 3600)).toBe(false)
    await session.query("UPDATE jobledger.maintenance_tasks SET last_run_at = now() + interval '1 day'")
    expect(await isTimeFor(ledger.sql, 'cleanupJobs', 3600)).toBe(true)
  })
})
