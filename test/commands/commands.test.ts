// The commands called as functions, on the configured database. As processes: main.slow.test.ts and
// cli.test.ts.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { migrateDown } from '../../src/commands/migrateDown.ts'
import { seed } from '../../src/commands/seed.ts'
import { start } from '../../src/commands/start.ts'
import { UnusableDatabaseError } from '../../src/database/checkDatabase.ts'
import { MigrationError } from '../../src/database/migrations.ts'
import * as output from '../../src/standardOutput.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { MIGRATIONS } from '../support/migrationSql.ts'

let database: TestDatabase
const said: string[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  said.length = 0
  vi.stubEnv('DATABASE_URL', database.url)
  vi.stubEnv('AUTH', 'open')
  vi.stubEnv('PORT', '0')
  vi.stubEnv('LOG_LEVEL', 'silent')
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line))
  vi.spyOn(output, 'writeToStdout').mockImplementation((text) => void said.push(text))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await database.drop()
})

async function count(sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query<{ n: number }>(sql).finally(() => client.end())
  return rows[0]?.n ?? Number.NaN
}

describe('seed', () => {
  it('creates jobs once, and in production only with --add', async () => {
    await seed({ add: false, random: 1 })
    expect(said).toEqual([
      expect.stringMatching(/^Created 200 jobs with \d+ records in the database jobledger_test_\w+ at 127/),
    ])
    vi.stubEnv('npm_package_name', 'jobledger')
    vi.stubEnv('npm_lifecycle_event', 'seed')
    await expect(seed({ add: false, random: 1 })).rejects.toThrow('To add sample jobs, run: npm run seed -- --add')
    vi.stubEnv('npm_package_name', 'another')
    await expect(seed({ add: false, random: 1 })).rejects.toThrow('To add sample jobs, run: jobledger seed --add')
    vi.stubEnv('NODE_ENV', 'production')
    await expect(seed({ add: false, random: 1 })).rejects.toThrow('NODE_ENV is production')
    await seed({ add: true, random: 2 })
    expect(await count('SELECT count(*)::int AS n FROM jobs')).toBe(400)
  })
})

describe('migrate-down', () => {
  it('reverts one migration at a time, and reports when none is applied', async () => {
    for (let times = 0; times <= MIGRATIONS.length; times += 1) await migrateDown({ yes: true, force: false })
    expect(said).toEqual([...MIGRATIONS.map((name) => `Reverted ${name}.`).reverse(), 'No migration is applied.'])
  })
})

describe('start', () => {
  it('serves until a signal', async () => {
    const handlers = process.listeners('SIGTERM')
    const running = start()
    const url = await eventually(() => {
      const line = said.find((text) => text.startsWith('Jobledger listens on'))
      expect(line).toBeDefined()
      return /http:\S+/.exec(String(line))?.[0] as string
    })
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ jobCount }"}',
    })
    expect(await answer.json()).toEqual({ data: { jobCount: 0 } })
    for (const handler of process.listeners('SIGTERM')) if (!handlers.includes(handler)) handler('SIGTERM')
    await running
    await expect(fetch(url)).rejects.toThrow()
  })

  it('refuses an outdated schema and a missing database', async () => {
    await migrateDown({ yes: true, force: false })
    await expect(start()).rejects.toThrow(MigrationError)
    const missing = new URL(database.url)
    missing.pathname += '_missing'
    vi.stubEnv('DATABASE_URL', missing.href)
    await expect(start()).rejects.toThrow(UnusableDatabaseError)
    vi.stubEnv('DATABASE_URL', 'postgresql://127.0.0.1:1/none')
    await expect(start()).rejects.toThrow(UnusableDatabaseError)
  })
})
