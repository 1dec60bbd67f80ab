// `jobledger purge`, run by an operator.
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { deletedJob, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'
import { endPrograms, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 120_000 })

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterEach(endPrograms)
afterAll(() => ledger.close())

async function run(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = runProgram('src/cli.ts', { DATABASE_URL: ledger.url }, ['purge', ...words])
  const { code } = await program.ended
  return { code, stdout: program.stdout().trim(), stderr: program.stderr().trim() }
}

const jobs = async () => (await session.query('SELECT count(*)::int AS n FROM jobs')).rows[0].n

it('purges jobs that were deleted long enough ago, and reports those that wait for a consumer', async () => {
  await deletedJob(ledger)
  await jobIn(ledger, 'COMPLETED')
  expect(await run('--older-than', '1')).toEqual({ code: 0, stdout: 'Purged 0 jobs.', stderr: '' })
  expect(await run('--older-than', '0', '--dry-run')).toMatchObject({ code: 0, stdout: '1 jobs would be purged.' })
  await session.query("INSERT INTO jobledger.consumers VALUES ('file:/f', 0, 0)")
  expect(await run('--older-than', '0')).toMatchObject({
    code: 0,
    stdout: 'Purged 0 jobs.\n1 jobs wait until all consumers have read them.',
  })
  expect(await jobs()).toBe(2)
  await session.query("DELETE FROM jobledger.consumers WHERE name = 'file:/f'")
  expect(await run('--older-than', '0')).toMatchObject({ code: 0, stdout: 'Purged 1 jobs.' })
  expect(await jobs()).toBe(1)
})

it('refuses a number of days that is not an integer', async () => {
  expect(await run('--older-than', 'x')).toEqual({
    code: 1,
    stdout: '',
    stderr: '--older-than must be an integer from 0 to 36500 (got "x").',
  })
})
