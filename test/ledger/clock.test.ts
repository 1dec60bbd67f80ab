// Times come from the database, whatever the time zone of the server and the clock of this process.
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { cleanupJobs } from '../../src/ledger/cleanupJobs.ts'
import { countJobs } from '../../src/ledger/countJobs.ts'
import { type CreatedJob, createJob, createJobs } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { getJobHistory } from '../../src/ledger/jobHistory.ts'
import { getJobResult } from '../../src/ledger/jobResult.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { listStuckJobs } from '../../src/ledger/stuckJobs.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { cursorAt } from '../support/cursors.ts'
import { ACTOR, jobCreatedAt, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger({ timezone: 'Asia/Tokyo' })
  session = await ledger.session()
})

afterAll(() => ledger.close())

afterEach(() => {
  vi.useRealTimers()
})

/** All times of a job, its history and its result. */
async function instantsOf(jobId: string): Promise<Date[]> {
  const found = [
    await getJob(ledger, jobId),
    ...(await getJobHistory(ledger, jobId)).rows,
    await getJobResult(ledger, jobId),
  ]
  return found.flatMap((row) => Object.values(row ?? {})).filter((value) => value instanceof Date)
}

describe('on a server in Tokyo', () => {
  it('uses UTC in the sessions of the ledger, although other sessions use Tokyo', async () => {
    expect((await session.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }])
    expect((await ledger.database.pool.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'UTC' }])
  })

  it('writes the current time, whichever client writes', async () => {
    const before = Date.now()
    const { job } = await createJob(ledger, { userId: 'u', content: 'c' }, ACTOR)
    await transitionJob(ledger, { jobId: job.id, to: 'PROCESSING', actor: ACTOR })
    await completeJob(ledger, { jobId: job.id, actor: ACTOR })
    await deleteJob(ledger, { jobId: job.id, actor: ACTOR })
    const [other] = (await createJobs(ledger, [{ userId: 'u', content: 'c' }], ACTOR)) as [CreatedJob]
    await transitionJobs(
      ledger,
      [
        { jobId: other.job.id, to: 'PROCESSING' },
        { jobId: other.job.id, to: 'FAILED' },
      ],
      ACTOR,
    )
    await session.query("UPDATE jobs SET state = 'PENDING' WHERE id = $1", [other.job.id])
    for (const instant of [...(await instantsOf(job.id)), ...(await instantsOf(other.job.id))]) {
      expect(Math.abs(instant.getTime() - before)).toBeLessThan(60_000)
    }
  })

  it('reads the same times through Prisma, raw SQL and PostgreSQL', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    const { rows } = await session.query<Record<string, string>>(
      `SELECT extract(epoch FROM created_at) * 1000 AS created, extract(epoch FROM started_at) * 1000 AS started,
         extract(epoch FROM completed_at) * 1000 AS completed FROM jobs WHERE id = $1`,
      [id],
    )
    const job = (await getJob(ledger, id)) as Job
    expect([job.createdAt, job.startedAt, job.completedAt].map((instant) => instant?.getTime())).toEqual(
      [rows[0]?.created, rows[0]?.started, rows[0]?.completed].map(Number),
    )
    const [moved] = await transitionJobs(ledger, [{ jobId: (await newJob(ledger)).id, to: 'PROCESSING' }], ACTOR)
    expect(moved).toEqual(await getJob(ledger, (moved as Job).id))
  })

  it('filters and pages by the correct times', async () => {
    const instant = new Date('2025-02-03T00:30:00.000Z')
    const job = await jobCreatedAt(ledger, instant, 'COMPLETED', 'dated')
    const admitted = (filter: object) => countJobs(ledger, { userId: 'dated', ...filter })
    expect(await admitted({ createdAfter: instant, createdBefore: new Date(instant.getTime() + 1) })).toBe(1)
    const completed = job.completedAt as Date
    expect(await admitted({ completedAfter: completed, completedBefore: new Date(completed.getTime() + 1) })).toBe(1)
    expect(await admitted({ completedAfter: new Date(completed.getTime() + 1) })).toBe(0)
    const list = { filter: { userId: 'dated' }, orderBy: { field: 'COMPLETED_AT', direction: 'DESC' } } as const
    const next = await jobIn(ledger, 'COMPLETED', { userId: 'dated' })
    const page = await listJobs(ledger, { ...list, first: 1 })
    expect(page.rows).toMatchObject([{ id: next.id }])
    expect((await listJobs(ledger, { ...list, first: 5, after: cursorAt(page, 0) })).rows).toMatchObject([
      { id: job.id },
    ])
  })
})

describe('a process whose clock is wrong by years', () => {
  const wrong = (year: number) => vi.useFakeTimers({ toFake: ['Date'], now: new Date(Date.UTC(year, 0)) })

  it.each([2001, 2051])('writes the times of the database: %i', async (year) => {
    const truth = Date.now()
    wrong(year)
    const { id } = await jobIn(ledger, 'PROCESSING')
    await completeJob(ledger, { jobId: id, actor: ACTOR })
    await deleteJob(ledger, { jobId: id, actor: ACTOR })
    vi.useRealTimers()
    for (const instant of await instantsOf(id)) expect(Math.abs(instant.getTime() - truth)).toBeLessThan(60_000)
  })

  it('does not report jobs that just started as stuck', async () => {
    await jobIn(ledger, 'PROCESSING')
    wrong(2051)
    expect((await listStuckJobs(ledger)).rows).toEqual([])
  })

  it('does not clean up jobs that were just created', async () => {
    const cancelled = await jobIn(ledger, 'CANCELLED')
    wrong(2051)
    expect(await cleanupJobs(ledger, { olderThanDays: 3650, dryRun: true, actor: ACTOR })).toBe(0)
    expect(await cleanupJobs(ledger, { olderThanDays: 3650, actor: ACTOR })).toBe(0)
    expect(await getJob(ledger, cancelled.id)).toEqual(cancelled)
  })
})
