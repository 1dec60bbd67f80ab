// The standard commands of Prisma's CLI, without a download of engines. `npm ci` has run
// `generate`; `migrate diff` is in migrateDiff.test.ts.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { CHECKOUT, prismaCli } from '../support/prismaCli.ts'

// Each test runs the CLI several times, which is slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let database: TestDatabase
let scratch: string

// A copy of the files that the commands read, so that they can write to it.
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'jobledger-prisma-'))
  for (const part of ['prisma', 'src', 'package.json', 'prisma.config.ts', 'tsconfig.json']) {
    await cp(join(CHECKOUT, part), join(scratch, part), { recursive: true })
  }
  await symlink(join(CHECKOUT, 'node_modules'), join(scratch, 'node_modules'))
})

afterAll(() => rm(scratch, { recursive: true, force: true }))

beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
})

afterEach(() => database.drop())

async function prisma(...words: string[]) {
  return await prismaCli(words, database.url, scratch)
}

async function query(sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  return await client.query(sql).finally(() => client.end())
}

describe('migrate deploy and status', () => {
  it('migrate a database and report it', async () => {
    expect(await prisma('migrate', 'status')).toMatchObject({
      code: 1,
      said: expect.stringContaining('have not yet been applied'),
    })
    expect(await prisma('migrate', 'deploy')).toMatchObject({
      code: 0,
      said: expect.stringContaining('All migrations have been successfully applied.'),
    })
    expect(await prisma('migrate', 'deploy')).toMatchObject({
      code: 0,
      said: expect.stringContaining('No pending migrations to apply.'),
    })
  })

  it('report a missing server or database in one line', async () => {
    const away = await prismaCli(['migrate', 'deploy'], 'postgresql://u:p@127.0.0.1:1/none', scratch)
    expect(away).toMatchObject({
      code: 1,
      said: expect.stringContaining("P1001: Can't reach database server at `127.0.0.1:1`"),
    })
    const missing = new URL(database.url)
    missing.pathname = `/${database.name}_missing`
    const none = await prismaCli(['migrate', 'status'], missing.href, scratch)
    expect(none).toMatchObject({ code: 1, said: expect.stringContaining('P1003') })
  })
})

describe('a migration that fails', () => {
  const name = '29990101000000_broken'

  it('is reported with the message of the database, and can be resolved', async () => {
    await mkdir(join(scratch, 'prisma/migrations', name))
    await writeFile(join(scratch, 'prisma/migrations', name, 'migration.sql'), 'SELECT 1 / 0;')
    const failed = await prisma('migrate', 'deploy')
    expect(failed).toMatchObject({ code: 1, said: expect.stringContaining('P3018') })
    expect(failed.said).toContain('division by zero')
    expect(await prisma('migrate', 'deploy')).toMatchObject({ code: 1, said: expect.stringContaining('P3009') })
    expect(await prisma('migrate', 'resolve', '--rolled-back', name)).toMatchObject({ code: 0 })
    expect(await prisma('migrate', 'resolve', '--applied', name)).toMatchObject({ code: 0 })
    expect(await prisma('migrate', 'status')).toMatchObject({ code: 0, said: expect.stringContaining('up to date') })
  })

  afterEach(() => rm(join(scratch, 'prisma/migrations', name), { recursive: true, force: true }))
})

describe('migrate dev, reset and the rest', () => {
  it('create a migration for a change, and reset the database', async () => {
    const file = join(scratch, 'prisma/schema.prisma')
    const schema = await readFile(file, 'utf8')
    await writeFile(file, schema.replace(/^( +preset +String\?)/m, '  colour String?\n$1'))
    const dev = await prisma('migrate', 'dev', '--name', 'colour')
    expect(dev).toMatchObject({
      code: 0,
      said: expect.stringContaining('Your database is now in sync with your schema.'),
    })
    const made = (await readdir(join(scratch, 'prisma/migrations'))).find((folder) => folder.endsWith('_colour'))
    const sql = await readFile(join(scratch, 'prisma/migrations', String(made), 'migration.sql'), 'utf8')
    expect(sql).toContain('ADD COLUMN     "colour" TEXT')
    await rm(join(scratch, 'prisma/migrations', String(made)), { recursive: true })
    await writeFile(file, schema)
    await prisma('migrate', 'reset', '--force')
    const reset = await databaseShape(database.url)
    const migrated = await createTestDatabase()
    expect(reset).toEqual(await databaseShape(migrated.url))
    await migrated.drop()
  })

  it('validate and execute', async () => {
    expect(await prisma('validate')).toMatchObject({ code: 0, said: expect.stringContaining('is valid') })
    await writeFile(join(scratch, 'statement.sql'), 'CREATE TABLE made_by_execute (id integer);')
    expect(await prisma('db', 'execute', '--file', 'statement.sql')).toMatchObject({ code: 0 })
    expect((await query("SELECT to_regclass('made_by_execute') IS NOT NULL AS there")).rows).toEqual([{ there: true }])
  })
})
