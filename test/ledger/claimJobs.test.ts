// Claims: which jobs a worker gets, in which order, exactly once, and which rows a claim does not
// read.
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { type ClaimJobsInput, claimJobs } from '../../src/ledger/claimJobs.ts'
import { type CreateJobInput, createJobs } from '../../src/ledger/createJob.ts'
import { InvalidInputError } from '../../src/ledger/errors.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { releaseJob } from '../../src/ledger/releaseJob.ts'
import { jobIn, makeDue, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger({ connections: 50 })
  session = await ledger.session()
})

// Removes the jobs that an earlier test left in the queue.
beforeEach(async () => {
  while ((await claim({ limit: 100 })).length > 0);
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

function claim(input: Partial<ClaimJobsInput> = {}): Promise<Job[]> {
  return claimJobs(ledger, { workerId: 'w1', actor: 'key:worker', ...input })
}

const contents = (jobs: Job[]): string[] => jobs.map(({ content }) => content)
const inAnHour = () => new Date(Date.now() + 3_600_000)

describe('a claim', () => {
  it('makes a transition with a record, an attempt and a lease', async () => {
    const { id } = await newJob(ledger)
    const before = Date.now()
    const [job] = await claim({ leaseSeconds: 90 })
    expect(job).toMatchObject({
      id,
      state: 'PROCESSING',
      version: 2,
      attempt: 1,
      releases: 0,
      stateActor: 'key:worker',
      stateReason: 'claimed by w1',
      stateMetadata: { workerId: 'w1' },
    })
    const lease = (job?.leaseExpiresAt?.getTime() ?? 0) - before
    expect(lease).toBeGreaterThan(85_000)
    expect(lease).toBeLessThan(95_000)
    expect((await historyOf(session, id)).at(-1)).toMatchObject({
      sequence: 2,
      previous_state: 'PENDING',
      new_state: 'PROCESSING',
      actor: 'key:worker',
      state_metadata: { workerId: 'w1' },
    })
    expect(await ledger.prisma.job.findUnique({ where: { id } })).toEqual(job)
  })

  it('runs one statement', async () => {
    await newJob(ledger)
    expect(await ledger.statementsOf(() => claim())).toHaveLength(1)
    expect(await ledger.statementsOf(() => claim({ presets: ['a', 'b'] }))).toHaveLength(1)
  })

  it('takes one job by default, and none from an empty queue', async () => {
    await newJob(ledger, { content: 'first' })
    await newJob(ledger, { content: 'second' })
    expect(contents(await claim())).toEqual(['first'])
    expect(contents(await claim())).toEqual(['second'])
    expect(await claim()).toEqual([])
    expect(await claim({ presets: ['a'] })).toEqual([])
  })

  it('takes jobs by priority, then by due time', async () => {
    const priorities = [0, 5, -1000, 5, 1000, 0]
    for (const [n, priority] of priorities.entries()) await newJob(ledger, { content: `${priority}/${n}`, priority })
    const all = contents(await claim({ limit: 4 })).concat(contents(await claim({ limit: 100 })))
    expect(all).toEqual(['1000/4', '5/1', '5/3', '0/0', '0/5', '-1000/2'])
  })

  it('skips jobs that are not due, whatever their priority, and takes them once they are', async () => {
    const later = await newJob(ledger, { content: 'later', priority: 1000, runAt: inAnHour() })
    await newJob(ledger, { content: 'now' })
    await newJob(ledger, { content: 'since long ago', runAt: new Date(0) })
    expect(contents(await claim({ limit: 10 }))).toEqual(['now', 'since long ago'])
    await makeDue(session, later.id)
    expect(contents(await claim({ limit: 10 }))).toEqual(['later'])
  })

  it('takes only jobs with the given presets, by priority across all of them', async () => {
    const given: Partial<CreateJobInput>[] = [
      { content: 'none', priority: 9 },
      { content: 'a1', preset: 'a' },
      { content: 'b1', preset: 'b' },
      { content: 'a2', preset: 'a', priority: 1 },
      { content: 'c1', preset: 'c', priority: 1000 },
      { content: 'b2', preset: 'b', priority: 1 },
      { content: 'a3', preset: 'a' },
      { content: 'a later', preset: 'a', priority: 7, runAt: inAnHour() },
    ]
    for (const input of given) await newJob(ledger, input)
    const presets = ['b', 'a', 'unheard of', 'b']
    expect(contents(await claim({ presets, limit: 3 }))).toEqual(['a2', 'b2', 'a1'])
    expect(contents(await claim({ presets, limit: 3 }))).toEqual(['b1', 'a3'])
    expect(await claim({ presets, limit: 3 })).toEqual([])
    expect(await claim({ presets: [], limit: 3 })).toEqual([])
    expect(contents(await claim({ limit: 10 }))).toEqual(['c1', 'none'])
  })

  it('takes only PENDING jobs', async () => {
    for (const state of ['PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) await jobIn(ledger, state)
    expect(await claim({ limit: 100 })).toEqual([])
  })

  it.each([
    [{ limit: 0 }, 'limit: must be an integer from 1 to 100 (got 0).'],
    [{ limit: 101 }, 'limit: must be an integer from 1 to 100 (got 101).'],
    [{ leaseSeconds: 0 }, 'leaseSeconds: must be an integer from 1 to 86400 (got 0).'],
    [{ leaseSeconds: 86_401 }, 'leaseSeconds: must be an integer from 1 to 86400 (got 86401).'],
    [{ workerId: '' }, 'workerId: must have 1 to 200 characters (got 0).'],
    [{ presets: [''] }, 'presets: must have 1 to 200 characters (got 0).'],
    [{ presets: Array(101).fill('p') }, 'presets: must have at most 100 values (got 101).'],
  ])('with bad input is refused (%#)', async (input, message) => {
    await newJob(ledger)
    await expect(claim(input)).rejects.toThrow(InvalidInputError)
    await expect(claim(input)).rejects.toThrow(message)
  })
})

describe('a job that was released', () => {
  it('keeps its place in the queue, and another worker can claim it', async () => {
    const first = await newJob(ledger, { content: 'first' })
    await newJob(ledger, { content: 'second' })
    const [held] = await claim()
    await releaseJob(ledger, { jobId: first.id, expectedVersion: held?.version ?? 0, actor: 'key:worker' })
    expect(contents(await claim({ workerId: 'w2', limit: 2 }))).toEqual(['first', 'second'])
  })
})

describe('50 workers racing for 10,000 jobs', () => {
  it.each([[null], [['a', 'b', 'c']]])('claim every job exactly once (presets: %j)', async (presets) => {
    const total = presets === null ? 10_000 : 2000
    for (let made = 0; made < total; made += 1000) {
      const inputs = Array.from({ length: 1000 }, (_, n) => ({
        userId: 'user',
        content: 'x',
        preset: 'abc'.charAt(n % 3),
        priority: n % 4,
      }))
      await createJobs(ledger, inputs, 'maker')
    }
    const got = await Promise.all(
      Array.from({ length: 50 }, async (_, worker) => {
        const mine: string[] = []
        for (let empty = 0; empty < 2; ) {
          const jobs = await claim({ workerId: `w${worker}`, actor: `key:w${worker}`, limit: 20, presets })
          mine.push(...jobs.map(({ id }) => id))
          // With several presets a claim briefly locks more rows than it takes, so one empty result
          // does not mean an empty queue.
          empty = jobs.length === 0 ? empty + 1 : 0
        }
        return mine
      }),
    )
    expect(got.flat()).toHaveLength(total)
    expect(new Set(got.flat()).size).toBe(total)
    if (presets === null) expect(got.every((mine) => mine.length > 0)).toBe(true)
    const { rows } = await session.query(
      `SELECT count(*)::int AS n FROM job_states WHERE new_state = 'PROCESSING' AND sequence = 2 AND job_id = ANY ($1)`,
      [got.flat()],
    )
    expect(rows).toEqual([{ n: total }])
  })
})

describe('the version of a claimed job', () => {
  it('is the fencing token of its worker', async () => {
    const { id } = await newJob(ledger)
    const [first] = await claim()
    await releaseJob(ledger, { jobId: id, expectedVersion: 2, actor: 'key:worker' })
    const [second] = await claim({ workerId: 'w2', actor: 'key:other' })
    expect([first?.version, second?.version]).toEqual([2, 4])
    const late = completeJob(ledger, {
      jobId: id,
      actor: 'key:worker',
      expectedVersion: first?.version,
      output: 'late',
    })
    await expect(late).rejects.toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 4 })
    await completeJob(ledger, { jobId: id, actor: 'key:other', expectedVersion: 4, output: 'right' })
    expect(await ledger.prisma.jobResult.findUnique({ where: { jobId: id } })).toMatchObject({ output: 'right' })
  })
})

describe('the queue', () => {
  it('is read by its index, without reading jobs that are not due', async () => {
    await session.query('SET session_replication_role = replica')
    await session.query(`INSERT INTO jobs (id, user_id, content, preset, created_at, updated_at, run_at, priority)
      SELECT id, 'u', 'c', 'p', jobledger.uuid_time(id), jobledger.uuid_time(id), now() + interval '1 day', n % 10
      FROM (SELECT n, jobledger.uuid_v7() AS id FROM generate_series(1, 20000) AS n) AS new`)
    await session.query('SET session_replication_role = origin')
    await session.query('VACUUM ANALYZE jobs')
    await newJob(ledger, { preset: 'p', content: 'due' })
    for (const presets of [null, ['p'], ['p', 'q']]) {
      const [statement] = await ledger.statementsOf(() => claim({ presets, limit: 5 }))
      expect(await buffersOf(String(statement), presets)).toBeLessThan(400)
    }
    await session.query('SET session_replication_role = replica')
    await session.query("DELETE FROM jobs WHERE user_id = 'u'")
    await session.query('SET session_replication_role = origin')
  })
})

/**
 * Number of pages that a claim reads with a generic plan, as in a prepared statement. The table has
 * about 700 pages.
 */
async function buffersOf(statement: string, presets: string[] | null): Promise<number> {
  const values = presets === null ? [5, 5] : [presets, 5, 5, 5]
  const all = [...values, 'PROCESSING', 'key:worker', 'reason', '{}', '', 60]
  const literals = all.map((value) => (Array.isArray(value) ? `'{${value}}'` : `'${value}'`))
  await session.query('SET plan_cache_mode = force_generic_plan')
  await session.query(`PREPARE claim AS ${statement}`)
  const { rows } = await session.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE claim(${literals})`)
  await session.query('DEALLOCATE claim')
  const plan = rows[0]['QUERY PLAN'][0].Plan
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}
