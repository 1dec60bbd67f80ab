// What the database itself does and refuses for attempts, leases and cancellation requests,
// whatever client writes.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findHistoryFaults } from '../../src/database/historyFaults.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import { failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { expectRefusal } from '../support/attack.ts'
import { ACTOR, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  expect(await findHistoryFaults(session)).toEqual([])
  await ledger.close()
})

const now = (id: string) => getJob(ledger, id)
const states = async (id: string) => (await historyOf(session, id)).map(({ new_state }) => new_state)
const update = (id: string, set: string) => session.query(`UPDATE jobs SET ${set} WHERE id = '${id}'`)

/** A job in the state with this maximum number of attempts. */
const triable = (maxAttempts: number) => jobIn(ledger, 'PROCESSING', { maxAttempts })

describe('a job that fails', () => {
  it('stays FAILED with one attempt, which is the default', async () => {
    const { id } = await jobIn(ledger, 'PROCESSING')
    await failJob(ledger, { jobId: id, actor: ACTOR, errorMessage: 'x' })
    expect(await states(id)).toEqual(['PENDING', 'PROCESSING', 'FAILED'])
  })

  it.each([
    ['failJob', (jobId: string) => failJob(ledger, { jobId, actor: ACTOR, errorMessage: 'x' })],
    ['transitionJob', (jobId: string) => transitionJob(ledger, { jobId, actor: ACTOR, to: 'FAILED' })],
    ['transitionJobs', (jobId: string) => transitionJobs(ledger, [{ jobId, to: 'FAILED' }], ACTOR)],
    ['an editor of tables', (jobId: string) => update(jobId, "state = 'FAILED'")],
  ])('goes back to PENDING while attempts are left, in the same commit, with a record: by %s', async (_, fail) => {
    const job = await triable(2)
    await fail(job.id)
    expect(await states(job.id)).toEqual(['PENDING', 'PROCESSING', 'FAILED', 'PENDING'])
    const [failed, retried] = (await historyOf(session, job.id)).slice(-2)
    expect(retried).toMatchObject({ actor: 'system:retry', reason: 'attempt 1 of 2 failed' })
    expect(retried?.transaction_id).toBe(failed?.transaction_id)
    const waiting = await now(job.id)
    expect(waiting).toMatchObject({ state: 'PENDING', version: 4, attempt: 1, completedAt: null })
    const delay = (waiting?.runAt.getTime() ?? 0) - (failed?.timestamp.getTime() ?? 0)
    expect(delay).toBeGreaterThanOrEqual(5000)
    expect(delay).toBeLessThanOrEqual(10_000)
    await transitionJob(ledger, { jobId: job.id, to: 'PROCESSING', actor: ACTOR })
    await fail(job.id)
    expect(await now(job.id)).toMatchObject({ state: 'FAILED', attempt: 2 })
  })

  it('does not count releases as attempts', async () => {
    const { id } = await triable(2)
    for (const to of ['PENDING', 'PROCESSING', 'PENDING', 'PROCESSING', 'FAILED'] as const) {
      await transitionJob(ledger, { jobId: id, to, actor: ACTOR })
    }
    expect(await now(id)).toMatchObject({
      state: 'PENDING',
      attempt: 3,
      releases: 2,
      stateReason: 'attempt 1 of 2 failed',
    })
  })

  it('can be retried manually when no attempts remain', async () => {
    const { id } = await jobIn(ledger, 'FAILED')
    const runAt = new Date(Date.now() + 60_000)
    const job = await retryJob(ledger, { jobId: id, actor: 'user:ada', reason: 'again', runAt, expectedVersion: 3 })
    expect(job).toMatchObject({ state: 'PENDING', runAt, stateReason: 'again', attempt: 1, releases: 0 })
    await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    await transitionJob(ledger, { jobId: id, to: 'FAILED', actor: ACTOR })
    expect(await now(id)).toMatchObject({ state: 'FAILED', attempt: 2 })
  })

  it('is not retried once it is deleted', async () => {
    const { id } = await triable(5)
    await update(id, "state = 'CANCELLED', deleted_at = now()")
    expect(await states(id)).toEqual(['PENDING', 'PROCESSING', 'CANCELLED'])
  })
})

describe('retryJob', () => {
  it.each([
    ['far in the future', new Date('9999-12-31T00:00:00Z')],
    ['in a moment', new Date(Date.now() + 600_000)],
    ['long ago', undefined],
  ])('makes due at once a job that was due %s', async (_, runAt) => {
    const { id, createdAt } = await jobIn(ledger, 'FAILED', { runAt, preset: 'retried' })
    const { runAt: due, updatedAt } = await retryJob(ledger, { jobId: id, actor: 'user:ada' })
    expect(due.getTime()).toBeLessThanOrEqual(updatedAt.getTime())
    // A job that has waited already does not wait again.
    if (runAt === undefined) expect(due).toEqual(createdAt)
    const claimed = await claimJobs(ledger, { workerId: 'w', actor: ACTOR, presets: ['retried'] })
    expect(claimed.map((job) => job.id)).toEqual([id])
  })

  it('is one statement', async () => {
    const { id } = await jobIn(ledger, 'FAILED')
    expect(await ledger.statementsOf(() => retryJob(ledger, { jobId: id, actor: 'user:ada' }))).toHaveLength(1)
  })

  it('refuses a job that has not failed, another version, and an unknown job', async () => {
    const [pending, processing] = [await newJob(ledger), await jobIn(ledger, 'PROCESSING')]
    const retry = (jobId: string, expectedVersion?: number) => retryJob(ledger, { jobId, actor: 'a', expectedVersion })
    await expect(retry(pending.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', from: 'PENDING' })
    await expect(retry(processing.id)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', expectedState: 'FAILED' })
    await expect(retry((await jobIn(ledger, 'FAILED')).id, 2)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
    await expect(retry(MISSING_ID)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    expect(await now(processing.id)).toMatchObject({ state: 'PROCESSING', version: 2 })
  })
})

describe('the delay before the next attempt', () => {
  const delays = async (failures: number, settings = '') => {
    await session.query(`BEGIN; ${settings}`)
    const { rows } = await session.query<{ ms: number }>(
      `SELECT (extract(epoch FROM jobledger.retry_delay(${failures})) * 1000)::float AS ms FROM generate_series(1, 200)`,
    )
    await session.query('ROLLBACK')
    return rows.map(({ ms }) => ms)
  }

  it.each([
    [1, 10_000],
    [2, 20_000],
    [5, 160_000],
    [9, 2_560_000],
    [10, 3_600_000],
    [1000, 3_600_000],
  ])('after failure %d is by chance between half and all of %d ms', async (failures, whole) => {
    const found = await delays(failures)
    expect(Math.min(...found)).toBeGreaterThanOrEqual(whole / 2)
    expect(Math.max(...found)).toBeLessThanOrEqual(whole)
    expect(new Set(found).size).toBeGreaterThan(150)
  })

  it('is set by two settings of PostgreSQL', async () => {
    const found = await delays(3, "SET LOCAL jobledger.retry_base_ms = '100'; SET LOCAL jobledger.retry_max_ms = '300'")
    expect(Math.min(...found)).toBeGreaterThanOrEqual(150)
    expect(Math.max(...found)).toBeLessThanOrEqual(300)
  })
})

describe('an editor of tables', () => {
  it('cannot change when a job is due without a transition', async () => {
    const { id } = await newJob(ledger)
    for (const runAt of ["'epoch'::timestamptz + interval '100 years'", 'now()'])
      await expectRefusal(session, `UPDATE jobs SET run_at = ${runAt} WHERE id = '${id}'`, {
        code: 'JL004',
        message: `run_at of job ${id} changes only with its state.`,
      })
  })

  it('changes when a job is due with a transition, whose record has both times', async () => {
    const runAt = new Date('2031-01-01')
    const { id, createdAt } = await newJob(ledger, { runAt })
    await update(id, "state = 'PROCESSING'")
    await update(id, "state = 'PENDING', run_at = '2032-01-01'")
    await update(id, "state = 'CANCELLED', run_at = 'epoch'")
    const history = await historyOf(session, id)
    expect(history.map((record) => [record.previous_run_at, record.run_at])).toEqual([
      [null, runAt],
      [null, null],
      [runAt, new Date('2032-01-01')],
      [new Date('2032-01-01'), createdAt],
    ])
  })

  it('cannot add or remove attempts by a transition', async () => {
    const { id } = await newJob(ledger)
    await update(id, "state = 'PROCESSING', attempt = 0, releases = 5")
    expect(await now(id)).toMatchObject({ attempt: 1, releases: 0 })
    await update(id, "state = 'PENDING', attempt = 9, releases = 9")
    expect(await now(id)).toMatchObject({ attempt: 1, releases: 1 })
  })

  it('requests cancellation as its session user, and can undo that', async () => {
    const { id } = await jobIn(ledger, 'PROCESSING')
    await update(id, "cancel_requested_at = 'epoch'")
    const { rows } = await session.query<{ me: string }>('SELECT session_user AS me')
    const asked = await now(id)
    expect(asked).toMatchObject({ version: 2, cancelRequestedBy: `db:${rows[0]?.me}` })
    expect(asked?.cancelRequestedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
    await update(id, 'cancel_requested_at = NULL')
    expect(await now(id)).toMatchObject({ cancelRequestedAt: null, cancelRequestedBy: null })
  })

  it('cannot request cancellation of an idle job, nor lease one', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, `UPDATE jobs SET cancel_requested_at = now() WHERE id = '${id}'`, {
      code: 'JL004',
      message: `Job ${id} is PENDING: only a PROCESSING job can be asked to stop.`,
    })
    await expectRefusal(session, `UPDATE jobs SET lease_expires_at = now() WHERE id = '${id}'`, {
      code: '23514',
      constraint: 'ck_jobs_lease_is_of_work',
    })
  })

  it.each(['attempt = 1', 'releases = 1', 'lease_expires_at = now()', 'cancel_requested_at = now()'])(
    'cannot create a job with %s',
    async (column) => {
      const [name, value] = column.split(' = ')
      await expectRefusal(session, `INSERT INTO jobs (user_id, content, ${name}) VALUES ('u', 'c', ${value})`, {
        code: 'JL006',
        message: 'A new job must have no attempts, releases, lease or cancellation request.',
      })
    },
  )

  it('does not change updated_at by extending a lease alone', async () => {
    const job = await jobIn(ledger, 'PROCESSING')
    await update(job.id, "lease_expires_at = now() + interval '1 hour'")
    expect((await now(job.id))?.updatedAt).toEqual(job.updatedAt)
    await update(job.id, "lease_expires_at = now() + interval '2 hours', cancel_requested_at = now()")
    expect((await now(job.id))?.updatedAt).not.toEqual(job.updatedAt)
  })
})
