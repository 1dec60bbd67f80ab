// Counts from the roll-up equal count(*) in every snapshot, whatever clients write and the roll-up
// does at the same time.
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countJobs, countJobsByState } from '../../src/ledger/countJobs.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import type { JobFilter } from '../../src/ledger/jobFilter.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { resetRollUp, rollUp } from '../../src/ledger/rollUp.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { inSnapshot } from '../support/snapshot.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(() => ledger.close())

const USERS = ['ada', 'bob', 'cyd']
const FILTERS: JobFilter[] = [
  {},
  { includeDeleted: true },
  { userId: 'ada' },
  { userId: 'bob', includeDeleted: true },
  { ownerId: 'cyd' },
  { userId: 'unknown' },
  { ownerId: 'ada', userId: 'bob' },
  { states: ['PENDING', 'PROCESSING'] },
  { states: ['CANCELLED', 'CANCELLED'], includeDeleted: true },
  { userId: 'ada', states: ['COMPLETED', 'CANCELLED'], includeDeleted: true },
  { states: [] },
]

/** The counts for all filters, by the ledger and by count(*). */
async function expectExact(subject: Ledger): Promise<void> {
  for (const filter of FILTERS) {
    // The roll-up does not support a filter by preset, so this counts the jobs. Every job has the
    // preset.
    const counted = { ...filter, presets: ['p'] }
    expect(await countJobs(subject, filter), JSON.stringify(filter)).toBe(await countJobs(subject, counted))
    expect(await countJobsByState(subject, filter)).toEqual(await countJobsByState(subject, counted))
  }
}

/** The same in one snapshot, so that changes between two statements do not matter. */
async function expectExactNow(): Promise<void> {
  await inSnapshot(ledger, expectExact)
}

const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T
const NEXT = {
  PENDING: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['COMPLETED', 'FAILED', 'PENDING'],
  FAILED: ['PENDING'],
} as const

/** Creates jobs and moves them until stopped. Some transactions stay open for a while. */
async function write(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    let job = await newJob(ledger, { userId: pick(USERS), preset: 'p' })
    for (let steps = Math.floor(Math.random() * 6); steps > 0; steps -= 1) {
      const ways = NEXT[job.state as keyof typeof NEXT]
      if (ways === undefined) break
      job = await transitionJob(ledger, { jobId: job.id, to: pick(ways), actor: ACTOR })
    }
    if (Math.random() < 0.3) await deleteJob(ledger, { jobId: job.id, actor: ACTOR })
    await pause(Math.random() * 60)
  }
}

/** A transaction that gets its id early and commits late, so it holds the horizon back. */
async function lateTransactions(client: pg.Client, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await client.query('BEGIN')
    await client.query("INSERT INTO jobs (user_id, content, preset) VALUES ('ada', 'c', 'p')")
    await client.query(`SELECT pg_sleep(${Math.random() / 10})`)
    await client.query(Math.random() < 0.3 ? 'ROLLBACK' : 'COMMIT')
  }
}

async function allRows(): Promise<unknown[]> {
  const counts = await session.query(
    'SELECT * FROM jobledger.job_counts WHERE count <> 0 ORDER BY user_id, state, deleted',
  )
  const statistics = await session.query(
    'SELECT * FROM jobledger.job_statistics ORDER BY user_id, bucket_seconds, start',
  )
  return [...counts.rows, ...statistics.rows]
}

async function rollUpAll(max = 1000): Promise<void> {
  await passedHorizon(ledger)
  while ((await rollUp(ledger, max)) > 0);
}

describe('counts of jobs', () => {
  it('are exact before and after the first run of the roll-up, and with a tail', async () => {
    const make = async (): Promise<void> => {
      for (const state of ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) {
        await jobIn(ledger, state, { userId: pick(USERS), preset: 'p' })
        const { id } = await jobIn(ledger, state, { userId: pick(USERS), preset: 'p' })
        await deleteJob(ledger, { jobId: id, actor: ACTOR })
      }
    }
    await make()
    await expectExactNow()
    await rollUpAll(3)
    await expectExactNow()
    await make()
    await expectExactNow()
  })

  it('are read in one statement that counts no jobs', async () => {
    const statements = await ledger.statementsOf(async () => {
      await countJobs(ledger, { userId: 'ada' })
    })
    expect(statements).toHaveLength(1)
    expect(statements[0]).not.toContain('"jobs"')
  })

  it('are exact while eight clients write and the roll-up runs, stops, is killed and restarts', async () => {
    let isOver = false
    const over = (): boolean => isOver
    const late = await ledger.session()
    const working = [...Array.from({ length: 8 }, () => write(over)), lateTransactions(late, over)]
    const rollers = [await ledger.session(), await ledger.session()]
    const rolling = async (roller: pg.Client): Promise<void> => {
      for (; !isOver; await pause(5)) await roller.query('SELECT jobledger.advance_rollup(30)').catch(() => undefined)
    }
    // Sessions for this purpose only.
    const pids = rollers.map((roller) => (roller as unknown as { processID: number }).processID)
    const killing = async (): Promise<void> => {
      for (; !isOver; await pause(20)) await session.query('SELECT pg_cancel_backend(unnest($1::integer[]))', [pids])
    }
    try {
      for (let n = 0; n < 4; n += 1) await expectExactNow()
      // Two at once, because nothing guarantees that only one runs.
      working.push(...rollers.map(rolling))
      for (let n = 0; n < 8; n += 1) await expectExactNow()
      working.push(killing())
      for (let n = 0; n < 8; n += 1) await expectExactNow()
      await resetRollUp(ledger)
      for (let n = 0; n < 4; n += 1) await expectExactNow()
    } finally {
      isOver = true
      await Promise.all(working)
    }
    await rollUpAll()
    await expectExactNow()
  }, 120_000)

  it('are the same, like every sum, after the roll-up is rebuilt in different batches', async () => {
    await rollUpAll()
    const before = await allRows()
    expect(before.length).toBeGreaterThan(20)
    await resetRollUp(ledger)
    await rollUpAll(17)
    expect(await allRows()).toEqual(before)
  })

  it('are exact after a purge of records inside and outside the sums', async () => {
    const purge = async (jobId: string): Promise<void> => {
      await session.query(`BEGIN; SET LOCAL jobledger.purge = on; DELETE FROM jobs WHERE id = '${jobId}'; COMMIT`)
    }
    const { id: inSums } = await deletedJob(ledger, 'COMPLETED')
    await rollUpAll()
    const { id: inTail } = await deletedJob(ledger, 'FAILED')
    const half = await jobIn(ledger, 'PROCESSING')
    await rollUpAll()
    await deleteJob(ledger, { jobId: half.id, actor: ACTOR })
    for (const id of [inSums, inTail, half.id]) await purge(id)
    await rollUpAll()
    const known = await countJobs(ledger, { userId: 'user', includeDeleted: true })
    expect(known).toBe(await ledger.prisma.job.count({ where: { userId: 'user' } }))
    await expectExactNow()
  })

  it('are counted directly while the roll-up lags too far behind or has no checkpoint', async () => {
    await session.query("DELETE FROM jobledger.consumers WHERE name = 'rollup'")
    await expectExactNow()
    const statements = await ledger.statementsOf(() => countJobs(ledger))
    expect(statements).toHaveLength(2)
    await rollUpAll()
    await expectExactNow()
    expect(await ledger.statementsOf(() => countJobs(ledger))).toHaveLength(1)
  })
})
