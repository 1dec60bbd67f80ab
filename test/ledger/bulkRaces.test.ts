// Bulk actions in races: starts with one key, several servers on one action, writers on its jobs,
// and jobs that no transition can change.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BulkAction } from '../../src/database/generated/client.ts'
import { type BulkActionKind, bulkRefusals, findBulkAction } from '../../src/ledger/bulkActions.ts'
import { createJobs } from '../../src/ledger/createJob.ts'
import { LedgerError } from '../../src/ledger/errors.ts'
import { runBulkBatch } from '../../src/ledger/runBulkBatch.ts'
import { type StartBulkActionInput, startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, type Session } from '../support/history.ts'

let ledger: TestLedger
let session: Session

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(() => ledger.close())

let users = 0
function newUser(): string {
  users += 1
  return `user ${users}`
}

function inputFor(userId: string, expectedCount: number, action: BulkActionKind = 'CANCEL'): StartBulkActionInput {
  return { action, filter: { userId }, reason: 'race', actor: `user:${userId}`, expectedCount }
}

const countActions = async () =>
  (await session.query<{ count: number }>('SELECT count(*)::int AS count FROM jobledger.bulk_actions')).rows[0]?.count

/** The batches of one server, until the action has ended. */
async function serve({ id, actor, reason, action }: BulkAction, size: number): Promise<void> {
  for (;;) {
    const running = { id, actor, reason, action: action as BulkActionKind }
    const batch = await runBulkBatch(ledger, running, size)
    if (batch === undefined || batch.isLast) return
  }
}

describe('the start', () => {
  it('happens once when 20 callers use one idempotency key', async () => {
    const userId = newUser()
    await newJob(ledger, { userId })
    const input = { ...inputFor(userId, 1), idempotencyKey: 'once' }
    const before = (await countActions()) ?? 0
    const started = await Promise.all(Array.from({ length: 20 }, () => startBulkAction(ledger, input)))
    expect(new Set(started.map(({ bulkAction }) => bulkAction.id)).size).toBe(1)
    expect(started.filter(({ created }) => created)).toHaveLength(1)
    expect(await countActions()).toBe(before + 1)
    await newJob(ledger, { userId })
    expect(await startBulkAction(ledger, input)).toMatchObject({ created: false })
  })

  it.each<[string, Partial<StartBulkActionInput>]>([
    ['another action', { action: 'DELETE' }],
    ['another filter', { filter: { userId: 'nobody' } }],
    ['another reason', { reason: 'other' }],
    ['another count', { expectedCount: 2 }],
  ])('with a key that was used with %s is refused', async (_, other) => {
    const userId = newUser()
    await newJob(ledger, { userId })
    const input = { ...inputFor(userId, 1), idempotencyKey: 'used' }
    const { bulkAction } = await startBulkAction(ledger, input)
    const message = `was used before, for the bulk action ${bulkAction.id}, with a different input.`
    await expect(startBulkAction(ledger, { ...input, ...other })).rejects.toMatchObject({
      issues: [{ path: ['idempotencyKey'], message }],
    })
  })

  it.each([0, 1, 3])('is refused if %i jobs are expected and 2 match, and writes nothing', async (expectedCount) => {
    const userId = newUser()
    await Promise.all([newJob(ledger, { userId }), newJob(ledger, { userId })])
    const before = [await countActions(), ...(await allRows(session))]
    await expect(startBulkAction(ledger, inputFor(userId, expectedCount))).rejects.toMatchObject({
      code: 'BULK_COUNT_CHANGED',
      expectedCount,
      actualCount: 2,
    })
    expect([await countActions(), ...(await allRows(session))]).toEqual(before)
  })

  it('is refused for more jobs than the limit', async () => {
    await expect(startBulkAction(ledger, inputFor(newUser(), 100_001))).rejects.toMatchObject({
      issues: [{ path: ['expectedCount'], message: 'must be an integer from 0 to 100000 (got 100001).' }],
    })
  })
})

const JOBS = 120

/** Starts and finishes jobs in random order. */
async function work(ids: readonly string[]): Promise<void> {
  for (const jobId of [...ids].sort(() => Math.random() - 0.5)) {
    for (const to of ['PROCESSING', 'FAILED'] as const) {
      await transitionJob(ledger, { jobId, to, actor: ACTOR }).catch((error: unknown) => {
        if (!(error instanceof LedgerError)) throw error
      })
    }
  }
}

describe('the batches', () => {
  it.each<BulkActionKind>(['CANCEL', 'DELETE', 'RETRY'])(
    'of %s change each job once, and count it once, while servers and writers race',
    async (action) => {
      const userId = newUser()
      const created = await createJobs(
        ledger,
        Array.from({ length: JOBS }, () => ({ userId, content: 'c' })),
        ACTOR,
      )
      const ids = created.map((one) => (one instanceof LedgerError ? '' : one.job.id))
      if (action === 'RETRY') {
        for (const to of ['PROCESSING', 'FAILED'] as const)
          await transitionJobs(
            ledger,
            ids.map((jobId) => ({ jobId, to })),
            ACTOR,
          )
      }
      const { bulkAction } = await startBulkAction(ledger, inputFor(userId, JOBS, action))
      await Promise.all([...[7, 3, 5].map((size) => serve(bulkAction, size)), work(ids)])
      const ended = (await findBulkAction(ledger, bulkAction.id)) as BulkAction
      const refused = bulkRefusals(ledger, ended).reduce((sum, { count }) => sum + count, 0)
      expect(ended).toMatchObject({ state: 'COMPLETED', matched: JOBS, done: JOBS - refused })
      const { rows } = await session.query(
        `SELECT count(*)::int AS jobs, count(*) FILTER (WHERE outcome = 'DONE')::int AS done,
           count(*) FILTER (WHERE outcome IS NULL)::int AS waiting FROM jobledger.bulk_action_jobs WHERE action_id = $1`,
        [bulkAction.id],
      )
      expect(rows).toEqual([{ jobs: JOBS, done: ended.done, waiting: 0 }])
      const records = await session.query(
        `SELECT count(*)::int AS records, count(DISTINCT job_id)::int AS jobs FROM job_states
         WHERE state_metadata ->> 'bulkActionId' = $1`,
        [bulkAction.id],
      )
      const { records: made, jobs } = records.rows[0]
      expect(made).toBe(jobs)
      // A cancellation of a job in progress is a request, without a record.
      if (action === 'CANCEL') expect(made).toBeLessThanOrEqual(ended.done)
      else expect(made).toBe(ended.done)
    },
  )

  it('refuse a job with a damaged history and a purged one, and do the others', async () => {
    const userId = newUser()
    const [damaged, sound] = [await jobIn(ledger, 'FAILED', { userId }), await jobIn(ledger, 'FAILED', { userId })]
    const purged = await deletedJob(ledger)
    const { bulkAction } = await startBulkAction(ledger, inputFor(userId, 2, 'RETRY'))
    await session.query('INSERT INTO jobledger.bulk_action_jobs (action_id, job_id, version) VALUES ($1, $2, 1)', [
      bulkAction.id,
      purged.id,
    ])
    await session.query(`SELECT jobledger.purge(now() + interval '1 second')`)
    await session.query(
      `BEGIN; SET LOCAL session_replication_role = replica;
       DELETE FROM job_states WHERE job_id = '${damaged.id}' AND sequence = 3; COMMIT`,
    )
    await serve(bulkAction, 2)
    const ended = (await findBulkAction(ledger, bulkAction.id)) as BulkAction
    expect(ended).toMatchObject({ state: 'COMPLETED', done: 1 })
    expect(new Map(bulkRefusals(ledger, ended).map(({ reason, count }) => [reason, count]))).toEqual(
      new Map([
        ['The history of the job is damaged.', 1],
        ['The job was purged after the action started.', 1],
      ]),
    )
    expect(await ledger.prisma.job.findUnique({ where: { id: sound.id } })).toMatchObject({ state: 'PENDING' })
  })
})
