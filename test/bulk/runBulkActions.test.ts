// The service that runs bulk actions: it takes turns between actors, survives jobs that cannot be
// changed, and stops for an abort.
import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BulkAction } from '../../src/database/generated/client.ts'
import { abortBulkAction, findBulkAction } from '../../src/ledger/bulkActions.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'
import type { Session } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let ledger: TestLedger
let server: TestServer | undefined

beforeEach(async () => {
  ledger = await openTestLedger()
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await ledger.close()
})

async function serve(batchJobs: number, log?: Logger): Promise<void> {
  const environment = { BULK_INTERVAL_SECONDS: '1', BULK_BATCH_JOBS: String(batchJobs) }
  server = await startTestServer({ databaseUrl: ledger.url, environment, ...(log && { log }) })
}

/** Starts to retry `count` failed jobs of a user of their own. */
async function start(actor: string, count: number): Promise<{ action: BulkAction; ids: string[] }> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push((await jobIn(ledger, 'FAILED', { userId: actor })).id)
  const filter = { userId: actor }
  const request = { action: 'RETRY', filter, reason: 'r', actor, expectedCount: count } as const
  return { action: (await startBulkAction(ledger, request)).bulkAction, ids }
}

const current = async ({ id }: BulkAction): Promise<BulkAction> => (await findBulkAction(ledger, id)) as BulkAction

const ended = (action: BulkAction): Promise<BulkAction> =>
  eventually(async () => {
    const now = await current(action)
    expect(now.state).not.toBe('RUNNING')
    return now
  }, 60_000)

describe('the service', () => {
  it('runs a batch of each actor in turn, so a small action does not wait for a large one', async () => {
    const { action: large } = await start('a', 20)
    const { action: small } = await start('b', 1)
    await serve(1)
    const [first, second] = [await ended(small), await ended(large)]
    expect([first, second]).toMatchObject([
      { state: 'COMPLETED', done: 1 },
      { state: 'COMPLETED', done: 20 },
    ])
    expect(Number(first.finishedAt)).toBeLessThan(Number(second.finishedAt))
  })

  it('ends an action as FAILED, with the reason, if the database keeps refusing one of its jobs', async () => {
    const { action, ids } = await start('a', 6)
    const { action: other } = await start('b', 2)
    const session = await ledger.session()
    await session.query(`
      CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION USING ERRCODE = 'JL004', MESSAGE = 'This job is special.'; END $$;
      CREATE TRIGGER refuse_one AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.id = '${ids[3]}') EXECUTE FUNCTION refuse_one()`)
    await serve(4)
    expect(await ended(action)).toMatchObject({
      state: 'FAILED',
      done: 3,
      error: 'The database refused a batch of one job 5 times: This job is special.',
    })
    expect(await ended(other)).toMatchObject({ state: 'COMPLETED', done: 2 })
    const states = await ledger.prisma.job.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } })
    expect(states.map(({ state }) => state)).toEqual(['PENDING', 'PENDING', 'PENDING', 'FAILED', 'FAILED', 'FAILED'])
  })

  it('waits while the disk is full, and completes the action afterwards', async () => {
    const { action, ids } = await start('a', 3)
    const session = await ledger.session()
    await session.query(`
      CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER refuse_all BEFORE UPDATE ON jobs EXECUTE FUNCTION refuse_all()`)
    const logged: string[] = []
    const sink = new Writable({
      write(line, _, done) {
        logged.push(String(line))
        done()
      },
    })
    await serve(1, pino({ level: 'warn' }, sink))
    await eventually(() => expect(logged.join('')).toContain('bulk actions paused, retrying'))
    expect(await current(action)).toMatchObject({ state: 'RUNNING', done: 0 })
    await session.query('DROP FUNCTION refuse_all CASCADE')
    expect(await ended(action)).toMatchObject({ state: 'COMPLETED', done: ids.length })
  })

  it('runs no batch after an abort', async () => {
    const { action, ids } = await start('a', 6)
    // The third batch waits for this job, and the abort for the batch.
    const [session, watch] = [await ledger.session(), await ledger.session()]
    await session.query('BEGIN')
    await session.query('SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE', [ids[2]])
    await serve(1)
    await eventually(async () => expect(await waitingSessions(watch)).toBe(1))
    expect((await current(action)).done).toBe(2)
    const aborted = abortBulkAction(ledger, action.id)
    await eventually(async () => expect(await waitingSessions(watch)).toBe(2))
    await session.query('COMMIT')
    expect(await aborted).toMatchObject({ state: 'ABORTED', done: 3 })
    // The server has found nothing to do when a later action has ended.
    await ended((await start('b', 1)).action)
    expect(await current(action)).toEqual(await aborted)
    const retried = await ledger.prisma.job.count({ where: { id: { in: ids }, state: 'PENDING' } })
    expect(retried).toBe(3)
  })
})

async function waitingSessions(session: Session): Promise<number> {
  const { rows } = await session.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`)
  return rows[0]?.count ?? 0
}
