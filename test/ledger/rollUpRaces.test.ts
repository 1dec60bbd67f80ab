// Cases that could corrupt the sums permanently: a restore on another server, and purges at the
// worst moment.
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realignTransactionIds } from '../../src/database/transactionOrder.ts'
import { countJobs, countJobsByState } from '../../src/ledger/countJobs.ts'
import { jobStats } from '../../src/ledger/jobStats.ts'
import { resetRollUp, rollUp } from '../../src/ledger/rollUp.ts'
import { eventually } from '../support/eventually.ts'
import { deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

let ledger: TestLedger
let session: pg.Client

beforeEach(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterEach(() => ledger.close())

async function rollUpAll(): Promise<void> {
  await passedHorizon(ledger)
  while ((await rollUp(ledger, 1000)) > 0);
}

async function expectExact(jobs: number): Promise<void> {
  expect(await ledger.prisma.job.count()).toBe(jobs)
  expect(await countJobs(ledger, { includeDeleted: true })).toBe(jobs)
  expect(await countJobs(ledger, { includeDeleted: true, userId: 'user' })).toBe(jobs)
  const day = 86_400_000
  const [now, bucket] = [Date.now(), 'HOUR'] as const
  const stats = await jobStats(ledger, { from: new Date(now - day), to: new Date(now + day), bucket })
  expect(stats.reduce((sum, { created }) => sum + created, 0)).toBe(jobs)
}

async function expectExactThroughout(jobs: number): Promise<void> {
  await expectExact(jobs)
  await rollUpAll()
  await expectExact(jobs)
}

const PURGE = 'BEGIN; SET LOCAL jobledger.purge = on; DELETE FROM jobs WHERE deleted_at IS NOT NULL'

/** Sets the transaction counter of the original server. */
const serverHasCounted = (transactions: number) =>
  session.query('UPDATE jobledger.transaction_offsets SET value = $1', [transactions])

describe('counts and statistics on a server with lower transaction ids than the original', () => {
  beforeEach(async () => {
    await serverHasCounted(3_000_000)
    await newJob(ledger)
  })

  it('are exact although the last added records were purged', async () => {
    for (let n = 0; n < 5; n += 1) await deletedJob(ledger)
    await rollUpAll()
    await session.query(`${PURGE}; COMMIT`)
    await serverHasCounted(0)
    expect(await realignTransactionIds(ledger.database.pool)).toBe(true)
    expect(await realignTransactionIds(ledger.database.pool)).toBe(false)
    await newJob(ledger)
    await expectExactThroughout(2)
  })

  it('are exact although a client wrote before the transaction ids were realigned', async () => {
    await rollUpAll()
    await serverHasCounted(0)
    await newJob(ledger)
    await realignTransactionIds(ledger.database.pool)
    await newJob(ledger)
    await expectExactThroughout(3)
  })

  it('are exact although a transaction started before the realignment and wrote after it', async () => {
    const early = await ledger.session()
    await rollUpAll()
    await serverHasCounted(0)
    await early.query('BEGIN; SELECT pg_current_xact_id()')
    // Transactions of other databases count, too.
    for (let n = 0; n < 5; n += 1) await session.query('SELECT pg_current_xact_id()')
    await realignTransactionIds(ledger.database.pool)
    await rollUp(ledger, 1000)
    await early.query("INSERT INTO jobs (user_id, content) VALUES ('user', 'c'); COMMIT")
    const { rows } = await session.query(
      'SELECT transaction_id::double precision AS number FROM job_states ORDER BY id',
    )
    expect(rows[1].number).toBeGreaterThan(rows[0].number)
    await expectExactThroughout(2)
  })
})

describe('a purge', () => {
  it('makes a transaction with an older snapshot fail to add to the sums', async () => {
    await deletedJob(ledger)
    await passedHorizon(ledger)
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM job_states')
    const purging = await ledger.session()
    await purging.query(`${PURGE}; COMMIT`)
    await expect(session.query('SELECT jobledger.advance_rollup(1000)')).rejects.toMatchObject({ code: '40001' })
    await session.query('ROLLBACK')
    await expectExactThroughout(0)
  })

  it('subtracts records that are being added while the consumer row is recreated', async () => {
    await jobIn(ledger, 'COMPLETED')
    await deletedJob(ledger)
    await session.query("DELETE FROM jobledger.consumers WHERE name = 'rollup'")
    await passedHorizon(ledger)
    await session.query('BEGIN; SELECT jobledger.advance_rollup(1000)')
    const purging = await ledger.session()
    const { rows } = await purging.query('SELECT pg_backend_pid() AS pid')
    const purged = purging.query(`${PURGE}; COMMIT`)
    await eventually(async () => {
      const waiting = await session.query('SELECT pg_blocking_pids($1) AS pids', [rows[0].pid])
      expect(waiting.rows[0].pids).toHaveLength(1)
    })
    await session.query('COMMIT')
    await purged
    await expectExactThroughout(1)
  })

  it('resets the sums if the consumer row is missing', async () => {
    await jobIn(ledger, 'COMPLETED')
    await deletedJob(ledger)
    await rollUpAll()
    await session.query("DELETE FROM jobledger.consumers WHERE name = 'rollup'")
    await session.query(`${PURGE}; COMMIT`)
    await expectExactThroughout(1)
    await resetRollUp(ledger)
    await expectExactThroughout(1)
  })
})

it('the empty user id does not stand for all users', async () => {
  await newJob(ledger)
  await rollUpAll()
  const filter = { ownerId: '' }
  expect(await countJobs(ledger, filter)).toBe(0)
  expect((await countJobsByState(ledger, filter)).every(({ count }) => count === 0)).toBe(true)
  const span = { from: new Date(Date.now() - 3_600_000), to: new Date(), bucket: 'HOUR' } as const
  expect((await jobStats(ledger, { filter, ...span })).every(({ created }) => created === 0)).toBe(true)
})
