// Cleanup: soft-deletes old jobs in batches, and only those that match the rule.
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { cleanupJobs } from '../../src/ledger/cleanupJobs.ts'
import { countJobs } from '../../src/ledger/countJobs.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, jobCreatedAt, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories, historyOf } from '../support/history.ts'

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

const DAY_MS = 24 * 60 * 60 * 1000
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS)
const deletedIds = async () =>
  (await ledger.prisma.job.findMany({ where: { deletedAt: { not: null } }, select: { id: true } }))
    .map(({ id }) => id)
    .sort()
const idsOf = (jobs: Job[]) => jobs.map(({ id }) => id).sort()

describe('cleanupJobs', () => {
  it('deletes only finished jobs that are old enough', async () => {
    const old = await Promise.all(JOB_STATES.map((state) => jobCreatedAt(ledger, daysAgo(31), state)))
    await Promise.all(JOB_STATES.map((state) => jobCreatedAt(ledger, daysAgo(29), state)))
    const finished = old.filter(({ state }) => ['COMPLETED', 'FAILED', 'CANCELLED'].includes(state))
    expect(await cleanupJobs(ledger, { olderThanDays: 30, actor: 'janitor' })).toBe(3)
    expect(await deletedIds()).toEqual(idsOf(finished))
    for (const { id, state } of finished) {
      expect((await historyOf(session, id)).at(-1)).toMatchObject({
        previous_state: state,
        new_state: 'CANCELLED',
        actor: 'janitor',
        reason: 'older than 30 days',
      })
    }
    const before = await allRows(session)
    expect(await cleanupJobs(ledger, { olderThanDays: 30, actor: 'janitor' })).toBe(0)
    expect(await allRows(session)).toEqual(before)
  })

  it('deletes only jobs in the given states', async () => {
    const jobs = await Promise.all(JOB_STATES.map((state) => jobCreatedAt(ledger, daysAgo(2), state)))
    const wanted = jobs.filter(({ state }) => state === 'PENDING' || state === 'PROCESSING')
    expect(await cleanupJobs(ledger, { olderThanDays: 1, states: ['PENDING', 'PROCESSING'], actor: ACTOR })).toBe(2)
    expect(await deletedIds()).toEqual(idsOf(wanted))
    expect(await cleanupJobs(ledger, { olderThanDays: 1, states: [], actor: ACTOR })).toBe(0)
  })

  it('only counts in a dry run', async () => {
    await Promise.all(JOB_STATES.map((state) => jobCreatedAt(ledger, daysAgo(10), state)))
    const before = await allRows(session)
    expect(await cleanupJobs(ledger, { olderThanDays: 9, dryRun: true, actor: ACTOR })).toBe(3)
    expect(await cleanupJobs(ledger, { olderThanDays: 11, dryRun: true, actor: ACTOR })).toBe(0)
    expect(await allRows(session)).toEqual(before)
    expect(await cleanupJobs(ledger, { olderThanDays: 9, dryRun: false, actor: ACTOR })).toBe(3)
  })

  it('deletes jobs older than the age and keeps younger ones', async () => {
    const older = await jobCreatedAt(ledger, new Date(Date.now() - DAY_MS - 1), 'CANCELLED')
    await jobCreatedAt(ledger, new Date(Date.now() - DAY_MS + 20_000), 'CANCELLED')
    expect(await cleanupJobs(ledger, { olderThanDays: 1, actor: ACTOR })).toBe(1)
    expect(await deletedIds()).toEqual([older.id])
  })

  it('deletes every finished job if the age is 0', async () => {
    const jobs = await Promise.all(JOB_STATES.map((state) => jobCreatedAt(ledger, new Date(Date.now() - 5), state)))
    const finished = jobs.filter(({ state }) => ['COMPLETED', 'FAILED', 'CANCELLED'].includes(state))
    expect(await cleanupJobs(ledger, { olderThanDays: 0, actor: ACTOR })).toBe(3)
    expect(await deletedIds()).toEqual(idsOf(finished))
  })

  it('deletes more than one batch of 1000, with one commit per batch', async () => {
    await session.query(`INSERT INTO jobs (id, user_id, content)
      SELECT overlay(jobledger.uuid_v7()::text PLACING '0150' FROM 1 FOR 4)::uuid, 'many', 'c' FROM generate_series(1, 2300)`)
    await session.query("UPDATE jobs SET state = 'CANCELLED'")
    expect(await cleanupJobs(ledger, { olderThanDays: 365, actor: ACTOR })).toBe(2300)
    expect([await countJobs(ledger), await countJobs(ledger, { includeDeleted: true })]).toEqual([0, 2300])
    const { rows } = await session.query(
      'SELECT count(*)::int AS records FROM job_states WHERE sequence = 3 GROUP BY transaction_id ORDER BY transaction_id',
    )
    expect(rows).toEqual([{ records: 1000 }, { records: 1000 }, { records: 300 }])
  })

  it('deletes each job once when several callers race', async () => {
    await session.query(`INSERT INTO jobs (id, user_id, content)
      SELECT overlay(jobledger.uuid_v7()::text PLACING '0150' FROM 1 FOR 4)::uuid, 'many', 'c' FROM generate_series(1, 1500)`)
    await session.query("UPDATE jobs SET state = 'CANCELLED'")
    const counts = await Promise.all([1, 2, 3].map(() => cleanupJobs(ledger, { olderThanDays: 365, actor: ACTOR })))
    expect(counts.reduce((sum, count) => sum + count)).toBe(1500)
    expect(await countJobs(ledger)).toBe(0)
  })

  it.each([-1, 0.5, 36_501, Number.NaN])('refuses an age of %d days', async (olderThanDays) => {
    await jobCreatedAt(ledger, daysAgo(400), 'CANCELLED')
    expect(await refusalOf(session, () => cleanupJobs(ledger, { olderThanDays, actor: ACTOR }))).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['olderThanDays'], message: `must be an integer from 0 to 36500 (got ${olderThanDays}).` }],
    })
  })

  it('refuses a reserved actor', async () => {
    await jobCreatedAt(ledger, daysAgo(400), 'CANCELLED')
    expect(await refusalOf(session, () => cleanupJobs(ledger, { olderThanDays: 1, actor: 'db:me' }))).toMatchObject({
      issues: [{ path: ['actor'] }],
    })
  })
})
