// Retention: old jobs are deleted in bounded runs, and each run of a pass continues where the
// previous one stopped.
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { cleanupJobsBatch } from '../../src/ledger/cleanupJobs.ts'
import { countJobs } from '../../src/ledger/countJobs.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { cleanupJobsTask } from '../../src/maintenance/cleanupJobs.ts'
import { type RunOptions, runTask } from '../../src/maintenance/maintenanceTask.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobCreatedAt, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer } from '../support/server.ts'
import { readableLog } from './logLines.ts'

let ledger: TestLedger
let session: pg.Client

beforeEach(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterEach(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000)
const task = cleanupJobsTask(30)
const run = (options: Partial<RunOptions> = {}) =>
  runTask(task, ledger, { signal: new AbortController().signal, ...options })
const progress = () => ledger.prisma.maintenanceTask.findUnique({ where: { name: 'cleanupJobs' } })
const isDue = () => task.isDue?.(ledger)

/** Jobs in the order of their creation. */
async function jobsOf(ages: number[], state: JobState): Promise<Job[]> {
  const jobs: Job[] = []
  for (const age of ages) jobs.push(await jobCreatedAt(ledger, daysAgo(age), state))
  return jobs
}

async function deleted(): Promise<string[]> {
  const jobs = await ledger.prisma.job.findMany({ where: { deletedAt: { not: null } }, orderBy: { id: 'asc' } })
  return jobs.map(({ id }) => id)
}

describe('a pass', () => {
  it('deletes only old finished jobs, and records the actor', async () => {
    const [old] = await jobsOf([31], 'COMPLETED')
    await jobsOf([31, 40], 'PENDING')
    await jobsOf([29], 'FAILED')
    expect(await run()).toEqual({
      task: 'cleanupJobs',
      counts: { deleted: 1 },
      stoppedAtBounds: false,
      ms: expect.any(Number),
    })
    expect(await deleted()).toEqual([old?.id])
    expect((await historyOf(session, old?.id ?? '')).at(-1)).toMatchObject({
      actor: 'system:retention',
      reason: 'older than 30 days',
    })
    expect((await progress())?.position).toBeNull()
  })

  it('stops at its bounds, continues there, and starts over with jobs that finished later', async () => {
    const [late] = await jobsOf([60], 'PROCESSING')
    const jobs = await jobsOf([50, 49, 48, 47, 46], 'COMPLETED')
    const ids = jobs.map(({ id }) => id)
    expect(await run({ maxJobs: 2 })).toMatchObject({ counts: { deleted: 2 }, stoppedAtBounds: true })
    expect(await deleted()).toEqual(ids.slice(0, 2))
    expect((await progress())?.position).toBe(ids[1])

    await transitionJob(ledger, { jobId: late?.id ?? '', to: 'COMPLETED', actor: ACTOR })
    expect(await run({ maxJobs: 2 })).toMatchObject({ counts: { deleted: 2 }, stoppedAtBounds: true })
    expect(await run({ maxJobs: 2 })).toMatchObject({ counts: { deleted: 1 }, stoppedAtBounds: false })
    expect(await deleted()).toEqual(ids)
    expect((await progress())?.position).toBeNull()

    expect(await run({ maxJobs: 2 })).toMatchObject({ counts: { deleted: 1 }, stoppedAtBounds: false })
    expect(await deleted()).toEqual([late?.id, ...ids])
    expect(await run()).toMatchObject({ counts: { deleted: 0 }, stoppedAtBounds: false })
  })

  it('does nothing in a run without time, and everything in the next', async () => {
    await jobsOf([40, 41], 'COMPLETED')
    expect(await run({ signal: AbortSignal.abort() })).toMatchObject({ counts: { deleted: 0 }, stoppedAtBounds: true })
    expect(await run()).toMatchObject({ counts: { deleted: 2 }, stoppedAtBounds: false })
  })

  it('skips a locked job instead of waiting, and the next pass deletes it', async () => {
    const jobs = await jobsOf([40, 39, 38], 'FAILED')
    await session.query('BEGIN')
    await session.query('SELECT FROM jobs WHERE id = $1 FOR UPDATE', [jobs[1]?.id])
    expect(await run()).toMatchObject({ counts: { deleted: 2 }, stoppedAtBounds: false })
    await session.query('COMMIT')
    expect(await run()).toMatchObject({ counts: { deleted: 1 } })
  })

  it('finds jobs after more jobs than one statement examines', async () => {
    await session.query(`INSERT INTO jobs (id, user_id, content)
      SELECT overlay(jobledger.uuid_v7()::text PLACING '0150' FROM 1 FOR 4)::uuid, 'many', 'c' FROM generate_series(1, 10500)`)
    const [behind] = await jobsOf([40], 'COMPLETED')
    const input = { olderThanDays: 30, actor: ACTOR }
    const statements = await ledger.statementsOf(async () => {
      expect(await cleanupJobsBatch(ledger, input)).toEqual({ deleted: 1, position: null })
    })
    expect(statements.filter((sql) => sql.includes('UPDATE jobs'))).toHaveLength(2)
    expect(await deleted()).toEqual([behind?.id])
    expect(await countJobs(ledger)).toBe(10_500)
  })
})

describe('the task', () => {
  it('is due at first, after an hour, and at once while a pass is incomplete', async () => {
    expect(await isDue()).toBe(true)
    await jobsOf([40, 41], 'COMPLETED')
    await run({ maxJobs: 1 })
    expect(await isDue()).toBe(true)
    await run()
    expect(await isDue()).toBe(false)
    await session.query("UPDATE jobledger.maintenance_tasks SET last_run_at = now() - interval '59 minutes'")
    expect(await isDue()).toBe(false)
    await session.query("UPDATE jobledger.maintenance_tasks SET last_run_at = now() - interval '61 minutes'")
    expect(await isDue()).toBe(true)
  })

  it('runs in the server when RETENTION_DAYS is set', async () => {
    const [old] = await jobsOf([8], 'CANCELLED')
    await jobsOf([6], 'CANCELLED')
    const { log, lines } = readableLog()
    const server = await startTestServer({
      databaseUrl: ledger.url,
      environment: { MAINTENANCE_INTERVAL_SECONDS: '1', RETENTION_DAYS: '7' },
      log,
    })
    try {
      await eventually(async () => expect(await deleted()).toEqual([old?.id]))
      const rounds = () => lines.filter(({ task }) => task === 'rescueStuckJobs').length
      const before = rounds()
      await eventually(() => expect(rounds()).toBeGreaterThan(before))
    } finally {
      await server.close()
    }
    const ofTask = lines.filter((line) => line.task === 'cleanupJobs')
    expect(ofTask).toEqual([expect.objectContaining({ level: 'info', deleted: 1, stoppedAtBounds: false })])
    expect(await progress()).toMatchObject({ position: null })
  })
})
