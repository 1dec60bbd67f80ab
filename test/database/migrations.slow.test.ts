// Compares the migrations of a database with those of the code, and the resulting messages.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyMigrations, MigrationError, migrationState, requireCurrentSchema } from '../../src/database/migrations.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const LATER = '29990101000000_later'

let database: TestDatabase
let client: pg.Client
/** The migrations of the code, as in the template. */
let names: string[]

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query('SELECT migration_name FROM _prisma_migrations ORDER BY migration_name')
  names = rows.map((row) => row.migration_name)
  expect(names.length).toBeGreaterThan(1)
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

async function record(name: string, time: 'finished_at' | 'rolled_back_at' | 'started_at'): Promise<void> {
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, ${time}) VALUES (gen_random_uuid(), '', $1, now())`,
    [name],
  )
}

async function forget(...forgotten: (string | undefined)[]): Promise<void> {
  await client.query('DELETE FROM _prisma_migrations WHERE migration_name = ANY($1)', [forgotten])
}

async function refusal(): Promise<string> {
  const error = await requireCurrentSchema(client).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(MigrationError)
  return (error as MigrationError).message
}

describe('the state of the migrations', () => {
  it('is up-to-date if they are those of the code', async () => {
    expect(await migrationState(client)).toEqual({
      state: 'up-to-date',
      pending: [],
      unknown: [],
      incompatible: [],
      failed: [],
    })
    await expect(requireCurrentSchema(client)).resolves.toBeUndefined()
  })

  it('is empty before the first migration, and after all were reverted', async () => {
    const message = `The database schema is behind; run "npx prisma migrate deploy" to apply ${names.join(', ')}.`
    await forget(...names)
    expect(await migrationState(client)).toEqual({
      state: 'empty',
      pending: names,
      unknown: [],
      incompatible: [],
      failed: [],
    })
    expect(await refusal()).toBe(message)
    await client.query('DROP TABLE _prisma_migrations')
    expect(await migrationState(client)).toEqual({
      state: 'empty',
      pending: names,
      unknown: [],
      incompatible: [],
      failed: [],
    })
    expect(await refusal()).toBe(message)
  })

  it('is behind if one is missing, whether the latest or an earlier one', async () => {
    for (const missing of [names.at(-1), names.at(0)]) {
      await forget(missing)
      expect(await migrationState(client)).toEqual({
        state: 'behind',
        pending: [missing],
        unknown: [],
        incompatible: [],
        failed: [],
      })
      expect(await refusal()).toBe(
        `The database schema is behind; run "npx prisma migrate deploy" to apply ${missing}.`,
      )
      await record(String(missing), 'finished_at')
    }
  })

  it('is ahead if the code does not know one', async () => {
    await record(LATER, 'finished_at')
    expect(await migrationState(client)).toEqual({
      state: 'ahead',
      pending: [],
      unknown: [LATER],
      incompatible: [LATER],
      failed: [],
    })
    expect(await refusal()).toBe(
      `The database has migrations that this version cannot run on (${LATER}); run the version that made them.`,
    )
  })

  it('is up-to-date if every migration that the code does not know is marked as compatible', async () => {
    await record(LATER, 'finished_at')
    await client.query('INSERT INTO jobledger.compatible_migrations VALUES ($1)', [LATER])
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date', unknown: [LATER], incompatible: [] })
    await expect(requireCurrentSchema(client)).resolves.toBeUndefined()
    await record(`${LATER}_still`, 'finished_at')
    expect(await migrationState(client)).toMatchObject({ state: 'ahead', incompatible: [`${LATER}_still`] })
    expect(await refusal()).toBe(
      `The database has migrations that this version cannot run on (${LATER}_still); run the version that made them.`,
    )
  })

  it('is behind if one is missing and another one unknown', async () => {
    await record(LATER, 'finished_at')
    await forget(names.at(-1))
    expect(await migrationState(client)).toEqual({
      state: 'behind',
      pending: [names.at(-1)],
      unknown: [LATER],
      incompatible: [LATER],
      failed: [],
    })
  })

  it('is failed if one started and did not finish, whatever else is wrong', async () => {
    await record(LATER, 'started_at')
    await forget(names.at(-1))
    expect(await migrationState(client)).toMatchObject({ state: 'failed', pending: [names.at(-1)], failed: [LATER] })
    expect(await refusal()).toBe(`The migration ${LATER} failed half-way; see "npx prisma migrate status".`)
  })

  it('ignores migrations that were rolled back', async () => {
    await record(LATER, 'rolled_back_at')
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date' })
    await forget(names.at(-1))
    await record(String(names.at(-1)), 'rolled_back_at')
    expect(await migrationState(client)).toMatchObject({ state: 'behind', pending: [names.at(-1)] })
    await record(String(names.at(-1)), 'finished_at')
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date' })
  })
})

describe('applyMigrations', () => {
  it('migrates an empty database, and leaves an up-to-date one unchanged', async () => {
    const empty = await createTestDatabase({ empty: true })
    await applyMigrations(empty.url)
    const other = new pg.Client({ connectionString: empty.url })
    await other.connect()
    await expect(requireCurrentSchema(other)).resolves.toBeUndefined()
    const applied = 'SELECT id, finished_at FROM _prisma_migrations ORDER BY id'
    const before = (await other.query(applied)).rows
    await applyMigrations(empty.url)
    expect((await other.query(applied)).rows).toEqual(before)
    await other.end()
    await empty.drop()
  })

  it('reaches a database whose password is not in DATABASE_URL but in PGPASSWORD', async () => {
    const empty = await createTestDatabase({ empty: true })
    const url = new URL(empty.url)
    vi.stubEnv('PGPASSWORD', decodeURIComponent(url.password))
    url.password = ''
    try {
      await expect(applyMigrations(url.href)).resolves.toBeUndefined()
    } finally {
      vi.unstubAllEnvs()
      await empty.drop()
    }
  })

  it('reports the error of Prisma without the password', async () => {
    const error = await applyMigrations('postgresql://ada:geheim@127.0.0.1:1/none').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(MigrationError)
    const { message } = error as MigrationError
    expect(message).toMatch(/^The migrations could not be applied: .*P1001: Can't reach database server/)
    expect(message).not.toMatch(/geheim|\n/)
  })
})
