// Several servers on one database, as real processes: one runs maintenance, and when it is killed
// another takes over.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { abandonJobs } from './abandonedJobs.ts'

vi.setConfig({ testTimeout: 120_000 })

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterEach(endPrograms)

afterAll(() => ledger.close())

function startReplica(): Program {
  return runProgram('src/main.ts', {
    DATABASE_URL: ledger.url,
    PORT: '0',
    NODE_ENV: 'production',
    AUTH: 'open',
    MAINTENANCE_INTERVAL_SECONDS: '1',
  })
}

async function expectFailed(count: number): Promise<void> {
  await eventually(async () => expect(await ledger.prisma.job.count({ where: { state: 'FAILED' } })).toBe(count))
}

/** The log lines of the program about tasks. */
const deeds = (program: Program) =>
  program
    .stdout()
    .split('\n')
    .filter((line) => line.includes('"task"'))

it('exactly one of two servers runs maintenance, and the other takes over when it is killed', async () => {
  const first = startReplica()
  await first.says(/acquired maintenance lock/)
  const second = startReplica()
  await second.says(/waiting for maintenance lock/)
  await abandonJobs(ledger.url, 3)
  await expectFailed(3)
  await eventually(() => expect(deeds(first)).toHaveLength(1))
  expect(JSON.parse(deeds(first)[0] ?? '')).toMatchObject({ level: 'info', task: 'rescueStuckJobs', failed: 3 })

  first.process.kill('SIGKILL')
  await first.ended
  await second.says(/acquired maintenance lock/)
  expect(deeds(second)).toEqual([])
  await abandonJobs(ledger.url, 2)
  await expectFailed(5)
  await eventually(() => expect(deeds(second)).toHaveLength(1))
  second.process.kill('SIGTERM')
  expect(await second.ended).toEqual({ code: 0, signal: null })
  expect(second.stderr()).toBe('')
})
