// A schema with the name of the role comes first in PostgreSQL's default search path. Tables in it
// with the same names are not ours.
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { planMigrateDown } from '../../src/database/migrateDownPlan.ts'
import { applyMigrations, migrateDown, migrationsOfCode } from '../../src/database/migrations.ts'
import { sessionFaults } from '../../src/database/sessionCheck.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

vi.setConfig({ testTimeout: 120_000 })

const ROLE = `jl_shadowed_${randomBytes(5).toString('hex')}`

let database: TestDatabase
/** The URL of the database for a role that may have a schema of its own name. */
let url: string

beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
  await onServer(database.url, (client) => client.query(`CREATE ROLE ${ROLE} SUPERUSER LOGIN PASSWORD 'secret'`))
  url = Object.assign(new URL(database.url), { username: ROLE, password: 'secret' }).href
})
afterEach(async () => {
  await onServer(database.url, (client) =>
    client.query(`REASSIGN OWNED BY ${ROLE} TO CURRENT_USER; DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`),
  )
  await database.drop()
})

const query = (sql: string): Promise<pg.QueryResult> => onServer(url, (client) => client.query(sql))

/** The role has a schema of its own, with tables of the same names. */
async function shadow(): Promise<void> {
  const { rows } = await query('SELECT quote_ident(current_user) AS own')
  await query(`CREATE SCHEMA AUTHORIZATION CURRENT_USER; CREATE TABLE ${rows[0].own}.jobs (id uuid, state text);
    CREATE TABLE ${rows[0].own}._prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz)`)
  expect((await query("SELECT 'jobs'::regclass::text AS name")).rows).toEqual([{ name: 'jobs' }])
}

const faults = (client: pg.Client) =>
  sessionFaults(client, { statementTimeoutMs: 1000, retryBaseMs: 1000, retryMaxMs: 3_600_000 }).then(({ settings }) =>
    settings.filter((sentence) => sentence.includes('search_path')),
  )

describe('if the role has its own schema with tables of the same names', () => {
  beforeEach(shadow)

  it('migrations, rights and rows of the ledger are those of the schema public', async () => {
    await applyMigrations(url)
    const [first, last] = [migrationsOfCode()[0], migrationsOfCode().at(-1)]
    expect((await query('SELECT min(migration_name) AS name FROM public._prisma_migrations')).rows[0]).toEqual({
      name: first,
    })
    const program = runProgram('src/cli.ts', { DATABASE_URL: url }, ['seed', '--random', '1'])
    expect(await program.ended, program.stderr()).toMatchObject({ code: 0 })
    const server = await startTestServer({ databaseUrl: url })
    try {
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
      const { data, errors } = await server.request('{ jobCount }')
      expect(errors).toBeUndefined()
      const { rows } = await query('SELECT count(*)::int AS jobs FROM public.jobs WHERE deleted_at IS NULL')
      expect(data.jobCount).toBe(rows[0].jobs)
      expect(data.jobCount).toBeGreaterThan(0)
    } finally {
      await server.close()
    }
    expect(await planMigrateDown(url)).toMatchObject({ migration: last })
    expect(await migrateDown(url)).toBe(last)
  })

  it('a session that keeps the default search path has a fault that says what to set', async () => {
    await applyMigrations(url)
    await onServer(url, async (client) => {
      expect(await faults(client)).toEqual([
        expect.stringMatching(
          /^The database setting search_path must be "public" .* ALTER ROLE \.\.\. SET search_path = 'public'\.$/,
        ),
      ])
      await client.query("SET search_path = 'public'")
      expect(await faults(client)).toEqual([])
    })
  })
})

it('the default search path is not a fault if the role has no schema of its own', async () => {
  await onServer(url, async (client) => {
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: '"$user", public' }])
    expect(await faults(client)).toEqual([])
  })
})
