// The roll-up runs in one process at a time. When that process stops, another one continues from
// the checkpoint.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openAdvisoryLock } from '../../src/database/advisoryLock.ts'
import { listConsumers } from '../../src/ledger/consumers.ts'
import { countJobsByState } from '../../src/ledger/countJobs.ts'
import { ROLL_UP, rollUp } from '../../src/ledger/rollUp.ts'
import { ROLL_UP_LOCK, type RollUpOptions, runRollUp } from '../../src/rollup/rollUp.ts'
import { eventually } from '../support/eventually.ts'
import { jobCreatedAt, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { startTestServer } from '../support/server.ts'

let ledger: TestLedger
const endings: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterEach(async () => {
  vi.useRealTimers()
  for (const end of endings.splice(0).reverse()) await end()
})

afterAll(() => ledger.close())

interface Line {
  readonly level: string
  readonly message: string
}

function keepRollUp(options: Partial<RollUpOptions> = {}) {
  const lines: Line[] = []
  const write = (level: string) => (_: object, message: string) => void lines.push({ level, message })
  const settings = { url: ledger.url, statementTimeoutMs: 5000, connectTimeoutMs: 5000, retryBaseMs: 0, retryMaxMs: 0 }
  const running = runRollUp({
    ledger,
    lock: openAdvisoryLock(ROLL_UP_LOCK, settings),
    intervalSeconds: 0.02,
    shutdownTimeoutMs: 5000,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...options,
  })
  endings.push(() => running.stop())
  return { lines, stop: () => running.stop() }
}

const lag = async (): Promise<number | undefined> =>
  (await listConsumers(ledger)).find(({ name }) => name === ROLL_UP)?.lagRecords

const place = async (): Promise<bigint | undefined> =>
  (await listConsumers(ledger)).find(({ name }) => name === ROLL_UP)?.checkpoint.id

async function counted(): Promise<number> {
  const rows = await ledger.prisma.jobCount.findMany({ where: { userId: '' } })
  return rows.reduce((sum, { count }) => sum + Number(count), 0)
}

describe('the roll-up', () => {
  it('follows the ledger', async () => {
    await jobIn(ledger, 'COMPLETED')
    expect(await lag()).toBe(3)
    const { lines } = keepRollUp()
    await eventually(async () => expect(await lag()).toBe(0))
    await jobIn(ledger, 'FAILED', { userId: 'ada' })
    await eventually(async () => expect(await lag()).toBe(0))
    expect(await ledger.prisma.jobCount.findMany({ where: { userId: 'ada', count: { gt: 0 } } })).toEqual([
      { userId: 'ada', state: 'FAILED', deleted: false, count: 1n },
    ])
    expect(lines).toEqual([{ level: 'info', message: 'acquired roll-up lock' }])
  })

  it('runs in one process at a time, and another takes over', async () => {
    const first = keepRollUp()
    await eventually(() => expect(first.lines).toHaveLength(1))
    const second = keepRollUp()
    await newJob(ledger)
    await eventually(async () => expect(await lag()).toBe(0))
    expect(second.lines).toEqual([])
    await first.stop()
    await newJob(ledger)
    await eventually(async () => expect(await lag()).toBe(0))
    expect(second.lines).toEqual([{ level: 'info', message: 'acquired roll-up lock' }])
  })

  it('waits for uncommitted transactions and skips nothing', async () => {
    keepRollUp()
    const early = await ledger.session()
    await early.query("BEGIN; INSERT INTO jobs (user_id, content) VALUES ('late', 'c')")
    await newJob(ledger, { userId: 'meanwhile' })
    expect(await countJobsByState(ledger, { userId: 'meanwhile' })).toContainEqual({ state: 'PENDING', count: 1 })
    expect(await countJobsByState(ledger, { userId: 'late' })).toContainEqual({ state: 'PENDING', count: 0 })
    await early.query('COMMIT')
    expect(await countJobsByState(ledger, { userId: 'late' })).toContainEqual({ state: 'PENDING', count: 1 })
    await eventually(async () => expect(await lag()).toBe(0))
    for (const userId of ['late', 'meanwhile'])
      expect(await ledger.prisma.jobCount.findMany({ where: { userId } })).toMatchObject([{ count: 1n }])
  })

  it('rolls back an interrupted batch and resumes', async () => {
    await eventually(async () => {
      await rollUp(ledger, 1000)
      expect(await lag()).toBe(0)
    })
    const before = { place: await place(), counted: await counted() }
    await newJob(ledger)
    // The session that adds the batch waits for this row, after its first change.
    const holder = await ledger.session()
    await holder.query("BEGIN; SELECT FROM jobledger.job_counts WHERE user_id = '' FOR UPDATE")
    const { lines } = keepRollUp()
    const victim = await ledger.session()
    await eventually(async () => {
      const { rowCount } = await victim.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE '%jobledger.advance_rollup(%' AND wait_event_type = 'Lock'`,
      )
      expect(rowCount).toBe(1)
    })
    await eventually(() => expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1))
    expect({ place: await place(), counted: await counted() }).toEqual(before)
    await holder.query('COMMIT')
    await eventually(async () => expect(await lag()).toBe(0))
    expect(await counted()).toBe(before.counted + 1)
    await eventually(() => expect(lines.at(-1)?.message).toBe('roll-up resumed'))
  })

  it('continues with smaller batches if the statement timeout is too short', async () => {
    const session = await ledger.session()
    await session.query(`
      INSERT INTO jobs (user_id, content) SELECT 'many', 'c' FROM generate_series(1, 3000);
      CREATE FUNCTION too_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.count > 2000 THEN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER too_slow BEFORE INSERT ON jobledger.job_counts FOR EACH ROW EXECUTE FUNCTION too_slow()`)
    const { lines } = keepRollUp({ intervalSeconds: 0.001 })
    await eventually(async () => expect(await lag()).toBe(0))
    await session.query('DROP TRIGGER too_slow ON jobledger.job_counts; DROP FUNCTION too_slow')
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    expect(await ledger.prisma.jobCount.findMany({ where: { userId: 'many' } })).toMatchObject([{ count: 3000n }])
  })

  it('reports its lag while every batch fails', async () => {
    await jobCreatedAt(ledger, new Date(Date.now() - 30_000))
    const holder = await ledger.session()
    await holder.query('ALTER TABLE jobledger.job_counts RENAME TO away')
    vi.useFakeTimers({ toFake: ['performance'] })
    const { lines } = keepRollUp({ intervalSeconds: 0.001 })
    vi.advanceTimersByTime(60_000)
    await eventually(() => expect(lines).toContainEqual({ level: 'warn', message: 'publisher is lagging' }))
    vi.useRealTimers()
    await holder.query('ALTER TABLE jobledger.away RENAME TO job_counts')
    await eventually(async () => expect(await lag()).toBe(0))
  })

  it('stores for operators that it fails and why, until it works again', async () => {
    await newJob(ledger)
    const holder = await ledger.session()
    await holder.query('ALTER TABLE jobledger.job_counts RENAME TO away')
    keepRollUp({ intervalSeconds: 0.001 })
    const stored = async () => (await listConsumers(ledger)).find(({ name }) => name === ROLL_UP)
    const failing = { failingSince: expect.any(Date), lastError: expect.stringContaining('job_counts') }
    await eventually(async () => expect(await stored()).toMatchObject(failing))
    await holder.query('ALTER TABLE jobledger.away RENAME TO job_counts')
    await eventually(async () => expect(await stored()).toMatchObject({ ...failing, failingSince: null }))
  })

  it('stops although a batch is blocked', async () => {
    await newJob(ledger)
    const holder = await ledger.session()
    await holder.query("BEGIN; SELECT FROM jobledger.consumers WHERE name = 'rollup' FOR UPDATE")
    const { stop } = keepRollUp({ shutdownTimeoutMs: 100 })
    const watcher = await ledger.session()
    await eventually(async () => {
      const { rowCount } = await watcher.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%jobledger.advance_rollup(%' AND wait_event_type = 'Lock'`,
      )
      expect(rowCount).toBe(1)
    })
    await stop()
    await holder.query('COMMIT')
    expect(await lag()).toBe(1)
  })

  it('runs in a server unless it is disabled', async () => {
    await newJob(ledger)
    const server = await startTestServer({
      databaseUrl: ledger.url,
      environment: { ROLLUP_INTERVAL_SECONDS: '1' },
    })
    endings.push(() => server.close())
    await eventually(async () => expect(await lag()).toBe(0))
  })
})
