// `jobledger rollup`, run by hand.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openAdvisoryLock } from '../../src/database/advisoryLock.ts'
import { countJobs } from '../../src/ledger/countJobs.ts'
import { rollUp } from '../../src/ledger/rollUp.ts'
import { ROLL_UP_LOCK, runRollUp } from '../../src/rollup/rollUp.ts'
import { jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { endPrograms, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 120_000 })

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
  for (const state of ['PENDING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const)
    for (const userId of ['ada', 'bob']) await jobIn(ledger, state, { userId })
})
afterEach(endPrograms)
afterAll(() => ledger.close())

async function run(...words: string[]): Promise<string> {
  const program = runProgram('src/cli.ts', { DATABASE_URL: ledger.url }, ['rollup', ...words])
  expect(await program.ended).toEqual({ code: 0, signal: null })
  expect(program.stderr()).toBe('')
  return program.stdout().trim()
}

async function sums(): Promise<unknown[]> {
  const session = await ledger.session()
  const { rows: counts } = await session.query('SELECT * FROM jobledger.job_counts ORDER BY user_id, state, deleted')
  const { rows: statistics } = await session.query(
    'SELECT * FROM jobledger.job_statistics ORDER BY user_id, bucket_seconds, start',
  )
  return [...counts, ...statistics]
}

const AT = /^The roll-up includes all records up to record \d+ of transaction \d+ \(updated at \d{4}-[^ ]+Z\)\.$/

describe('rollup', () => {
  it('reports its state', async () => {
    expect((await run()).split('\n')).toEqual([
      expect.stringMatching(AT),
      expect.stringMatching(/^18 records are waiting; the oldest is \d+\.\d s old\.$/),
    ])
  })

  it('rebuilds the same sums with --rebuild, and repairs wrong ones', async () => {
    await passedHorizon(ledger)
    while ((await rollUp(ledger, 5)) > 0);
    const before = await sums()
    const session = await ledger.session()
    await session.query(
      "UPDATE jobledger.job_counts SET count = count + 1; DELETE FROM jobledger.job_statistics WHERE user_id = 'ada'",
    )
    expect((await run('--rebuild')).split('\n')).toEqual([
      expect.stringMatching(/^Added 18 records to the roll-up in \d+\.\d s\.$/),
      expect.stringMatching(AT),
      'No records are waiting.',
    ])
    expect(await sums()).toEqual(before)
  })

  it('rebuilds a ledger that was restored from another server', async () => {
    const session = await ledger.session()
    await session.query('UPDATE jobledger.transaction_offsets SET value = 3000000')
    await newJob(ledger, { userId: 'cyd' })
    await session.query('UPDATE jobledger.transaction_offsets SET value = 0')
    expect(await run('--rebuild')).toMatch(/^Added 19 records .*\n.*\nNo records are waiting.$/)
  })

  it('keeps the sums exact with --rebuild during writes and roll-ups of a server', async () => {
    let isOver = false
    const settings = {
      url: ledger.url,
      statementTimeoutMs: 5000,
      connectTimeoutMs: 5000,
      retryBaseMs: 0,
      retryMaxMs: 0,
    }
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const lock = openAdvisoryLock(ROLL_UP_LOCK, settings)
    const kept = runRollUp({ ledger, lock, intervalSeconds: 0.01, shutdownTimeoutMs: 5000, log })
    let made = await ledger.prisma.job.count()
    const writing = (async () => {
      while (!isOver) {
        await newJob(ledger, { userId: 'ada' })
        made += 1
        expect(await countJobs(ledger)).toBe(made)
      }
    })()
    await run('--rebuild').finally(() => {
      isOver = true
    })
    await writing
    await kept.stop()
    await passedHorizon(ledger)
    while ((await rollUp(ledger, 1000)) > 0);
    const after = await sums()
    await run('--rebuild')
    expect(await sums()).toEqual(after)
    expect(log.warn).not.toHaveBeenCalled()
  })
})
