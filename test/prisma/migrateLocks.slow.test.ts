// Migrations that wait for a lock: how long they wait, what they report, and that they can be run
// again.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { schemaDrift } from '../../src/database/schemaDrift.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type CliOutcome, prismaCli, scratchCheckout } from '../support/prismaCli.ts'

vi.setConfig({ testTimeout: 120_000 })

const FIRST = '29990101000000_size'
const SECOND = '29990101000001_colour'

let checkout: Awaited<ReturnType<typeof scratchCheckout>>
let database: TestDatabase
let reporting: pg.Client

beforeAll(async () => {
  checkout = await scratchCheckout()
  vi.stubEnv('MIGRATE_LOCK_TIMEOUT_MS', '500')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await checkout.remove()
})

beforeEach(async () => {
  database = await createTestDatabase()
  reporting = new pg.Client({ connectionString: database.url, application_name: 'reporting' })
  await reporting.connect()
})
afterEach(async () => {
  await reporting.end()
  await database.drop()
  for (const name of [FIRST, SECOND]) await rm(migrationFolder(name), { recursive: true, force: true })
})

function migrationFolder(name: string): string {
  return join(checkout.folder, 'prisma/migrations', name)
}

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(migrationFolder(name))
  await writeFile(join(migrationFolder(name), 'migration.sql'), sql)
}

function migrate(command: string): Promise<CliOutcome> {
  return prismaCli(['migrate', command], database.url, checkout.folder)
}

async function addedColumns(): Promise<string[]> {
  const { rows } = await reporting.query(
    `SELECT attname FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attname IN ('size', 'colour') ORDER BY attnum`,
  )
  return rows.map((row) => row.attname)
}

async function pidOf(session: pg.Client): Promise<number> {
  return (await session.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
}

describe('prisma migrate deploy', () => {
  it('stops waiting for a table, names the session that locks it, and succeeds when run again', async () => {
    await addMigration(
      FIRST,
      'ALTER TABLE job_results ADD COLUMN size integer; ALTER TABLE jobs ADD COLUMN size integer;',
    )
    await addMigration(
      SECOND,
      'ALTER TABLE job_results ADD COLUMN colour text; ALTER TABLE jobs ADD COLUMN colour text;',
    )
    await reporting.query('BEGIN')
    await reporting.query('SELECT count(*)\n  FROM jobs')
    const { code, said } = await migrate('deploy')
    expect(code).toBe(1)
    expect(said).toContain(
      `The migration ${FIRST} was rolled back. Waited 500 ms for a lock (MIGRATE_LOCK_TIMEOUT_MS).`,
    )
    expect(said).toMatch(
      /The lock is held by process \d+ \(application reporting, user \S+, idle in transaction, transaction since \S+Z, last statement: SELECT count\(\*\) FROM jobs\)\./,
    )
    expect(said).toContain('run the command again')
    expect(await addedColumns()).toEqual([])
    expect((await migrate('status')).said).toContain('have not yet been applied')
    await reporting.query('COMMIT')
    expect(await migrate('deploy')).toMatchObject({ code: 0, said: expect.stringContaining('successfully applied') })
    expect(await addedColumns()).toEqual(['size', 'colour'])
    expect(await migrate('status')).toMatchObject({ code: 0, said: expect.stringContaining('up to date') })
  })

  it('leaves a migration that cannot have been rolled back as failed', async () => {
    await addMigration(
      FIRST,
      'BEGIN; ALTER TABLE job_results ADD COLUMN size integer; COMMIT; ALTER TABLE jobs ADD COLUMN size integer;',
    )
    await reporting.query('BEGIN; LOCK TABLE jobs IN ACCESS SHARE MODE')
    const { code, said } = await migrate('deploy')
    expect([code, said]).toEqual([1, expect.stringContaining(`The migration ${FIRST} failed half-way.`)])
    await reporting.query('COMMIT')
    expect(await migrate('deploy')).toMatchObject({ code: 1, said: expect.stringContaining('P3009') })
  })

  it('stops waiting for another deploy, and names its session', async () => {
    await addMigration(FIRST, 'ALTER TABLE jobs ADD COLUMN size integer;')
    await reporting.query('SELECT pg_advisory_lock(72707369)')
    const { code, said } = await migrate('deploy')
    expect(code).toBe(1)
    expect(said).toContain('Another migration of this database is running. Waited 500 ms')
    expect(said).toContain(`The lock is held by process ${await pidOf(reporting)} (application reporting,`)
    await reporting.query('SELECT pg_advisory_unlock_all()')
    expect(await migrate('deploy')).toMatchObject({ code: 0 })
    expect(await addedColumns()).toEqual(['size'])
  })

  it('refuses a limit that is not a number', async () => {
    vi.stubEnv('MIGRATE_LOCK_TIMEOUT_MS', 'soon')
    expect(await migrate('deploy')).toMatchObject({
      code: 1,
      said: expect.stringContaining('MIGRATE_LOCK_TIMEOUT_MS must be an integer from 0 to 999999999 (got "soon").'),
    })
  })
})

describe('prisma migrate reset', () => {
  it('names the session that locks a table and what to do, and succeeds when run again', async () => {
    vi.stubEnv('MIGRATE_LOCK_TIMEOUT_MS', '500')
    const reset = () => prismaCli(['migrate', 'reset', '--force'], database.url, checkout.folder)
    await reporting.query('BEGIN; LOCK TABLE jobs IN ACCESS SHARE MODE')
    const { code, said } = await reset()
    expect(code).toBe(1)
    expect(said).toContain(
      'The database was only partly reset: parts of its schema are missing. Waited 500 ms for a lock (MIGRATE_LOCK_TIMEOUT_MS). ' +
        `The lock is held by process ${await pidOf(reporting)} (application reporting,`,
    )
    expect(said).toContain('then run the command again: it resets the rest.')
    expect(said).not.toContain('Another migration')
    await reporting.query('COMMIT')
    expect(await reset()).toMatchObject({ code: 0 })
    expect(await schemaDrift(reporting)).toBeUndefined()
    expect(await migrate('status')).toMatchObject({ code: 0, said: expect.stringContaining('up to date') })
  })
})
