// Migrations up, down to nothing, and up again.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  applyMigrations,
  MigrationError,
  migrateDown,
  migrationState,
  requireCurrentSchema,
} from '../../src/database/migrations.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { run } from '../support/prismaCli.ts'

const [TABLES, GUARDS, BATCHES] = ['20261123000001_tables', '20261123000002_guards', '20261123000003_batch_transitions']

vi.setConfig({ testTimeout: 120_000 })

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

describe('migrateDown', () => {
  it('takes back one migration at a time, to nothing, and all of them go up again, with rows in the tables', async () => {
    const insert =
      "INSERT INTO jobs (user_id, content, created_at, id) SELECT 'ada', 'x', jobledger_uuid_time(id), id FROM (SELECT jobledger_uuid_v7() AS id) AS new"
    const whole = await databaseShape(database.url)
    await client.query(insert)
    expect(await migrateDown(database.url)).toBe(BATCHES)
    await client.query("UPDATE jobs SET state = 'PROCESSING'")
    expect(await migrateDown(database.url)).toBe(GUARDS)
    await client.query(insert)
    expect((await client.query('SELECT count(*)::int AS n FROM jobs')).rows).toEqual([{ n: 2 }])
    expect((await client.query('SELECT count(*)::int AS n FROM job_states')).rows).toEqual([{ n: 2 }])
    expect(await migrateDown(database.url)).toBe(TABLES)
    expect(await databaseShape(database.url)).toEqual([])
    expect(await migrateDown(database.url)).toBeUndefined()
    await applyMigrations(database.url)
    expect(await databaseShape(database.url)).toEqual(whole)
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date' })
  })

  it('changes nothing when the database refuses a part of it', async () => {
    await client.query('CREATE VIEW leans_on AS SELECT * FROM jobledger_transition_jobs(NULL, NULL)')
    const before = await databaseShape(database.url)
    await expect(migrateDown(database.url)).rejects.toThrow(/could not be taken back: cannot drop function/)
    expect(await databaseShape(database.url)).toEqual(before)
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date' })
  })

  it('refuses while a migration is half-way, and a migration that has no way back', async () => {
    const row = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', '', '29990101000000_later', $1)`
    await client.query(row, [null])
    await expect(migrateDown(database.url)).rejects.toThrow(
      new MigrationError(
        'The migration 29990101000000_later failed half-way; resolve it first ("npx prisma migrate resolve").',
      ),
    )
    await client.query('UPDATE _prisma_migrations SET finished_at = now()')
    await expect(migrateDown(database.url)).rejects.toThrow(
      new MigrationError('The migration 29990101000000_later has no down.sql, so it cannot be taken back.'),
    )
  })

  it('takes back two, not one twice, when asked twice at once', async () => {
    const taken = await Promise.all([migrateDown(database.url), migrateDown(database.url)])
    expect(taken.sort()).toEqual([GUARDS, BATCHES])
  })

  it('is a command', async () => {
    const { code, said } = await run(['--import', 'tsx', 'src/cli.ts', 'migrate-down'], database.url)
    expect([code, said.trim()]).toEqual([0, `Took back ${BATCHES}.`])
  })
})

describe('requireCurrentSchema', () => {
  it('says what to do when the database is behind', async () => {
    await migrateDown(database.url)
    await expect(requireCurrentSchema(client)).rejects.toThrow(
      `The database schema is behind; run "npx prisma migrate deploy" to apply ${BATCHES}.`,
    )
  })

  it('says what to do when the database is ahead, or a migration failed', async () => {
    await requireCurrentSchema(client)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', '', '2999_later', now())`,
    )
    await expect(requireCurrentSchema(client)).rejects.toThrow(
      'The database has migrations that this version does not know (2999_later)',
    )
    await client.query(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2999_later'`)
    await expect(requireCurrentSchema(client)).rejects.toThrow('The migration 2999_later failed half-way')
  })

  it('names all migrations on an empty database', async () => {
    const empty = await createTestDatabase({ empty: true })
    const other = new pg.Client({ connectionString: empty.url })
    await other.connect()
    await expect(requireCurrentSchema(other)).rejects.toThrow(`to apply ${TABLES}, ${GUARDS}, ${BATCHES}.`)
    await other.end()
    await empty.drop()
  })
})
