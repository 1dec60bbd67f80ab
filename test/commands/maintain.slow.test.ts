// `jobledger maintain`, run by hand and by cron.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { abandonJobs } from '../maintenance/abandonedJobs.ts'
import { readableLog } from '../maintenance/logLines.ts'
import { eventually } from '../support/eventually.ts'
import { jobCreatedAt, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories } from '../support/history.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'

vi.setConfig({ testTimeout: 120_000 })

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterEach(endPrograms)

afterAll(async () => {
  await expectSoundHistories(await ledger.session())
  await ledger.close()
})

function maintain(words: string[], environment: Record<string, string> = {}): Program {
  return runProgram('src/cli.ts', { DATABASE_URL: ledger.url, ...environment }, ['maintain', ...words])
}

const linesOf = (program: Program) => program.stdout().trim().split('\n')
const NOTHING = /^forceCancellations: nothing to do \(\d+ ms\)$/

describe('maintain --once', () => {
  it('runs every task once and prints one line for each', async () => {
    await abandonJobs(ledger.url, 2)
    const old = await jobCreatedAt(ledger, new Date('2020-02-02'), 'COMPLETED')
    const program = maintain(['--once'], { RETENTION_DAYS: '365', MAINTENANCE_INTERVAL_SECONDS: '0' })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stderr()).toBe('')
    expect(linesOf(program)).toEqual([
      expect.stringMatching(NOTHING),
      expect.stringMatching(/^rescueStuckJobs: 2 failed \(\d+ ms\)$/),
      expect.stringMatching(/^cleanupJobs: 1 deleted \(\d+ ms\)$/),
      expect.stringMatching(/^removeRefusals: nothing to do \(\d+ ms\)$/),
    ])
    expect(await ledger.prisma.job.findUnique({ where: { id: old.id } })).toMatchObject({
      stateActor: 'system:retention',
    })
    const tasks = await ledger.prisma.maintenanceTask.findMany({ orderBy: { name: 'asc' } })
    // No other run is planned.
    expect(tasks).toMatchObject([
      { name: 'cleanupJobs', position: null, nextRunAt: null, lastChange: { deleted: 1 } },
      { name: 'forceCancellations', nextRunAt: null, lastChange: null },
      { name: 'removeRefusals', position: null, lastChange: null },
      { name: 'rescueStuckJobs', nextRunAt: null, lastChange: { failed: 2 } },
    ])
  })

  it('continues the transaction numbers of a ledger that was restored from another server', async () => {
    const session = await ledger.session()
    const old = await jobCreatedAt(ledger, new Date('2020-02-02'), 'COMPLETED')
    await session.query('UPDATE jobledger.transaction_offsets SET value = 3000000')
    await newJob(ledger)
    await session.query('UPDATE jobledger.transaction_offsets SET value = 0')
    expect(await maintain(['--once'], { RETENTION_DAYS: '365' }).ended).toEqual({ code: 0, signal: null })
    const [latest] = await ledger.prisma.jobStateRecord.findMany({ orderBy: { transactionId: 'desc' }, take: 1 })
    expect(latest).toMatchObject({ jobId: old.id, actor: 'system:retention' })
  })

  it('reports a failed task with exit code 1, and runs the others', async () => {
    const session = await ledger.session()
    // Additions to the schema are permitted, so the command starts.
    await session.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk of maintenance is full'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON jobledger.maintenance_tasks EXECUTE FUNCTION refuse()`)
    const failing = maintain(['--once'], { RETENTION_DAYS: '365' })
    expect(await failing.ended).toEqual({ code: 1, signal: null })
    await session.query('DROP FUNCTION refuse CASCADE')
    expect(failing.stderr()).toMatch(
      /^cleanupJobs failed: [^\n]*the disk of maintenance is full[^\n]*\nremoveRefusals failed: [^\n]*\n$/,
    )
    expect(linesOf(failing)).toHaveLength(2)
  })

  it('does nothing while a server maintains the database, and takes over afterwards', async () => {
    const { log, lines } = readableLog()
    const server = await startTestServer({
      databaseUrl: ledger.url,
      environment: { MAINTENANCE_INTERVAL_SECONDS: '1' },
      log,
    })
    try {
      await eventually(() => expect(lines.map(({ msg }) => msg)).toContain('acquired maintenance lock'))
      const program = maintain(['--once'], { RETENTION_DAYS: '365' })
      expect(await program.ended).toEqual({ code: 0, signal: null })
      expect(program.stdout()).toBe('Another process maintains this database: nothing to do.\n')
      expect(program.stderr()).toBe('')
    } finally {
      await server.close()
    }
    const program = maintain(['--once'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(linesOf(program)[0]).toMatch(NOTHING)
    expect(linesOf(program).at(-1)).toBe('cleanupJobs: off (RETENTION_DAYS is not set)')
  })
})

describe('maintain', () => {
  it('runs until it is stopped, also if maintenance is disabled in servers', async () => {
    const program = maintain([], { MAINTENANCE_INTERVAL_SECONDS: '0' })
    await program.says(/acquired maintenance lock/)
    await abandonJobs(ledger.url, 1)
    await program.says(/"task":"rescueStuckJobs","stoppedAtBounds":false,"ms":\d+,"released":0,"failed":1,/)
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stdout()).toContain('SIGTERM: finishing the current batch')
    expect(program.stderr()).toBe('')
  })
})
