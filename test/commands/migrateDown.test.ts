// `jobledger migrate-down` as a process: its confirmation, and when it changes nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { migrateDown, migrationState } from '../../src/database/migrations.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'

vi.setConfig({ testTimeout: 120_000 })

const MIGRATION = '20261128000004_api_keys'

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterEach(async () => {
  await endPrograms()
  await client.end()
  await database.drop()
})

async function latest(): Promise<string> {
  const { rows } = await client.query('SELECT max(migration_name) AS name FROM _prisma_migrations')
  return rows[0].name
}

/** Applies the migration and adds a row to its table. */
async function downTo(migration: string): Promise<void> {
  await client.query(`INSERT INTO api_keys (name, key_hash, roles) VALUES ('k', sha256('k'), '{ADMIN}')`)
  while ((await latest()) !== migration) await migrateDown(database.url)
}

async function run(...words: string[]) {
  const program = runProgram('src/cli.ts', { DATABASE_URL: database.url, MIGRATE_LOCK_TIMEOUT_MS: '200' }, [
    'migrate-down',
    ...words,
  ])
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

const place = (): string => `the database ${database.name} at ${new URL(database.url).host}`

describe('migrate-down', () => {
  it('names the database, migration and lost rows, and changes nothing, without a terminal and --yes', async () => {
    await downTo(MIGRATION)
    expect(await run()).toEqual({
      code: 1,
      stdout: '',
      stderr: `The migration ${MIGRATION} of ${place()} will be reverted. This loses 1 row of api_keys. Confirm with --yes, because there is no terminal to ask on.\n`,
    })
    expect(await latest()).toBe(MIGRATION)
    expect(await run('--yes')).toEqual({ code: 0, stdout: `Reverted ${MIGRATION}.\n`, stderr: '' })
    expect(await migrationState(client)).toMatchObject({ state: 'behind' })
  })

  it.each([
    ['no', false],
    ['', false],
    ['yes', true],
  ])('asks on a terminal, and takes "%s" for an answer', async (answer, takesBack) => {
    await downTo(MIGRATION)
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
    // script(1) provides a terminal.
    const words = ['-qec', `"${process.execPath}" "${cli}" migrate-down`, '/dev/null']
    const environment = { PATH: process.env.PATH, DATABASE_URL: database.url, TERM: 'dumb' }
    const terminal = spawn('script', words, { cwd: tmpdir(), env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!said.includes('[y/N]') && (said + text).includes('[y/N]')) terminal.stdin.write(`${answer}\n`)
      said += text
    })
    const [code] = await once(terminal, 'close')
    expect(said).toContain('This loses 1 row of api_keys. Revert it? [y/N]')
    expect(code).toBe(takesBack ? 0 : 1)
    expect(said).toContain(takesBack ? `Reverted ${MIGRATION}.` : 'Nothing was changed.')
    expect((await latest()) === MIGRATION).toBe(!takesBack)
  })

  it('refuses while servers are connected, except with --force', async () => {
    const server = await startTestServer({ databaseUrl: database.url, environment: { DATABASE_POOL_MIN: '1' } })
    await server.request('{ latestEventCursor }')
    const before = await latest()
    const refused = await run('--yes')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(
      /Servers are connected: process \d+ \(jobledger from [\d.:]+\)[^\n]* Stop them first, or add --force\.\n$/,
    )
    expect(await latest()).toBe(before)
    expect(await run('--yes', '--force')).toEqual({ code: 0, stdout: `Reverted ${before}.\n`, stderr: '' })
    await server.close()
  })

  it('has a time limit for locks', async () => {
    await downTo(MIGRATION)
    await client.query('BEGIN; LOCK TABLE api_keys IN ACCESS SHARE MODE')
    const { code, stderr } = await run('--yes')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/lock timeout; waited 200 ms \(MIGRATE_LOCK_TIMEOUT_MS\)/),
    ])
    await client.query('ROLLBACK')
    expect(await latest()).toBe(MIGRATION)
  })
})
