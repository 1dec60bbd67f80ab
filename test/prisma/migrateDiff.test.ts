// Differences that Prisma Migrate finds between the migrations, the schema and a database. Depends
// on the PostgreSQL version.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { CHECKOUT, prismaCli } from '../support/prismaCli.ts'

// The CLI is slow on a busy machine.
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

/** Runs `prisma migrate diff` from the given source to the schema. */
const diff = (...from: string[]) =>
  prismaCli(['migrate', 'diff', ...from, '--to-schema', 'prisma/schema.prisma', '--exit-code'], database.url, CHECKOUT)

async function shadowDatabases(): Promise<number> {
  const { rows } = await client.query(
    "SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'prisma_migrate_shadow_db_%'",
  )
  return rows[0].n
}

describe('migrate diff', () => {
  it('finds no drift between the migrations and the schema, and leaves no shadow database', async () => {
    const before = await shadowDatabases()
    const { code, said } = await diff('--from-migrations', 'prisma/migrations')
    expect([code, said]).toEqual([0, expect.stringContaining('No difference detected.')])
    expect(await shadowDatabases()).toBeLessThanOrEqual(before)
  })

  it('finds a manual change', async () => {
    await client.query('ALTER TABLE jobs ADD COLUMN colour text')
    const { code, said } = await diff('--from-config-datasource')
    expect([code, said]).toEqual([2, expect.stringContaining('Removed column `colour`')])
  })
})
