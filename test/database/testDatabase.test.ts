// The databases that the suite provides to its tests.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { migrate } from '../support/migrationSql.ts'
import { onServer } from '../support/testRun.ts'

describe('createTestDatabase', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  it('clones the migrated tables', async () => {
    const { rows } = await onServer(database.url, (client) => client.query('SELECT count(*)::int AS count FROM jobs'))
    expect(rows).toEqual([{ count: 0 }])
  })

  it('creates a database without tables if an empty one is requested', async () => {
    const empty = await createTestDatabase({ empty: true })
    const { rows } = await onServer(empty.url, (client) => client.query("SELECT to_regclass('public.jobs') AS jobs"))
    expect(rows).toEqual([{ jobs: null }])
    await empty.drop()
  })

  it('gives sessions the requested time zone', async () => {
    const tokyo = await createTestDatabase({ timezone: 'Asia/Tokyo' })
    const { rows } = await onServer(tokyo.url, (client) => client.query('SHOW timezone'))
    expect(rows).toEqual([{ TimeZone: 'Asia/Tokyo' }])
    await tokyo.drop()
  })

  it('creates several at once from one template', async () => {
    const many = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase()))
    expect(new Set(many.map(({ name }) => name)).size).toBe(6)
    await Promise.all(many.map((each) => each.drop()))
  })

  it.skipIf(inject('testRun').keepFailed)('drops a database under whoever is still connected', async () => {
    const doomed = await createTestDatabase()
    const session = new pg.Client({ connectionString: doomed.url })
    const lost = new Promise((resolve) => session.on('error', resolve))
    await session.connect()
    await doomed.drop()
    expect(await lost).toMatchObject({ message: expect.stringContaining('terminat') })
    const { rows } = await onServer(inject('testRun').serverUrl, (client) =>
      client.query('SELECT FROM pg_database WHERE datname = $1', [doomed.name]),
    )
    expect(rows).toEqual([])
  })
})

describe('migrate', () => {
  it('leaves what Prisma Migrate leaves', async () => {
    const databases = [await createTestDatabase(), await createTestDatabase({ empty: true })] as const
    const [byPrisma, own] = databases.map(({ url }) => url) as [string, string]
    await migrate(own)
    expect(await databaseShape(own)).toEqual(await databaseShape(byPrisma))
    const applied = (url: string) =>
      onServer(url, async (client) => {
        const { rows } = await client.query(
          `SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, finished_at >= started_at AS ended
           FROM _prisma_migrations ORDER BY migration_name`,
        )
        const { rows: columns } = await client.query(
          `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
           FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
        )
        return { rows, columns }
      })
    expect(await applied(own)).toEqual(await applied(byPrisma))
    for (const database of databases) await database.drop()
  })
})
