// The rights that `jobledger grants` gives: exactly those that a server needs.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { grantStatements } from '../../src/database/grants.ts'
import { applyMigrations, migrateDown } from '../../src/database/migrations.ts'
import { schemaDrift } from '../../src/database/schemaDrift.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { apiSmoke } from './apiSmoke.ts'

vi.setConfig({ testTimeout: 120_000 })

const suffix = randomBytes(5).toString('hex')
const ROLES = { api: `jl_api_${suffix}`, reader: `jl_reader_${suffix}`, owner: `jl_owner_${suffix}` }
const DENIED = '42501'

let database: TestDatabase
let sessions: Record<'api' | 'reader' | 'owner', pg.Client>

beforeAll(async () => {
  database = await createTestDatabase()
  await onServer(database.url, async (client) => {
    for (const role of Object.values(ROLES)) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
  })
  const words = Object.entries(ROLES).flatMap(([option, role]) => [`--${option}`, role])
  // Twice, because it can be run repeatedly.
  for (const _ of [1, 2]) expect(await grants(...words, '--apply')).toMatchObject({ code: 0, stderr: '' })
  sessions = { api: await session('api'), reader: await session('reader'), owner: await session('owner') }
})

afterAll(async () => {
  for (const client of Object.values(sessions)) await client.end()
  await onServer(database.url, async (client) => {
    for (const role of Object.values(ROLES)) {
      await client.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
  await database.drop()
})

async function grants(...words: string[]) {
  const program = runProgram('src/cli.ts', { DATABASE_URL: database.url }, ['grants', ...words])
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

function urlOf(role: keyof typeof ROLES): string {
  const url = new URL(database.url)
  url.username = ROLES[role]
  url.password = 'secret'
  return url.href
}

async function session(role: keyof typeof ROLES): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: urlOf(role) })
  await client.connect()
  return client
}

async function codeOf(client: pg.Client, sql: string): Promise<string> {
  return await client.query(sql).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code ?? error.message,
  )
}

describe('the script', () => {
  it('names every table, view, sequence, type and function of ours', async () => {
    const script = grantStatements({ api: 'a', reader: 'r', owner: 'o' })
    const { rows } = await sessions.owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'jobledger') AND relkind IN ('r', 'v', 'S')
       UNION SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text IN ('public', 'jobledger')
       UNION SELECT typname FROM pg_type WHERE typnamespace::regnamespace::text IN ('public', 'jobledger') AND typtype = 'e'`,
    )
    expect(rows.map(({ name }) => name).filter((name) => !script.includes(`"${name}"`))).toEqual([])
  })

  it('is printed unless --apply is given', async () => {
    expect(await grants('--api', 'a"b')).toEqual({
      code: 0,
      stdout: `${grantStatements({ api: 'a"b' })}\n`,
      stderr: '',
    })
  })

  it.each([
    [[], 'Specify a role: --api, --reader or --owner.'],
    [['--api', 'x', '--owner', 'x'], '--api, --reader and --owner must be different roles.'],
    [
      ['--api', 'nobody_has_this_role', '--apply'],
      'The privileges could not be granted: role "nobody_has_this_role" does not exist.',
    ],
    ...['--api public', '--reader public', '--owner public', '--api PUBLIC', '--api none', '--api pg_monitor'].map(
      (words): [string[], string] => [
        [...words.split(' '), '--apply'],
        `"${words.split(' ')[1]}" is reserved by PostgreSQL: choose another role.`,
      ],
    ),
  ])('is refused for %j', async (words, sentence) => {
    expect(await grants(...words)).toEqual({ code: 1, stdout: '', stderr: `${sentence}\n` })
  })

  it.each([
    ['the owner', ROLES.owner, ''],
    ['a member of the owner', `jl_member_${suffix}`, `IN ROLE ${ROLES.owner}`],
    ['a superuser', `jl_super_${suffix}`, 'SUPERUSER'],
  ])('is not for %s, which has all rights already', async (_, role, kind) => {
    if (kind !== '') await onServer(database.url, (client) => client.query(`CREATE ROLE ${role} ${kind}`))
    try {
      for (const option of ['--api', '--reader']) {
        const { code, stderr } = await grants(option, role, '--apply')
        expect([code, stderr]).toEqual([
          1,
          expect.stringMatching(/ has all rights of the owner of the tables .*: choose another role\.\n$/),
        ])
      }
    } finally {
      if (kind !== '') await onServer(database.url, (client) => client.query(`DROP ROLE ${role}`))
    }
  })
})

describe('the role of the server', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startTestServer({
      databaseUrl: urlOf('api'),
      environment: {
        AUTH: 'required',
        MAINTENANCE_INTERVAL_SECONDS: '1',
        ROLLUP_INTERVAL_SECONDS: '1',
        BULK_INTERVAL_SECONDS: '1',
        RETENTION_DAYS: '1',
      },
    })
  })
  afterAll(async () => {
    await server.close()
  })

  it('runs every operation of the API, maintenance and the roll-up', async () => {
    const maker = runProgram(
      'src/cli.ts',
      { DATABASE_URL: urlOf('owner') },
      'api-key create smoke --roles ADMIN'.split(' '),
    )
    expect(await maker.ended, maker.stderr()).toMatchObject({ code: 0 })
    const key = maker.stdout().trim()
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    await apiSmoke(server, { authorization: `Bearer ${key}` })
    await eventually(async () => {
      const { rows } = await sessions.owner.query(
        `SELECT (SELECT last_used_at FROM api_keys) IS NOT NULL AS used, EXISTS (SELECT FROM jobledger.maintenance_tasks) AS maintained,
           (SELECT record_id > 0 FROM jobledger.consumers WHERE name = 'rollup') AS "rolledUp"`,
      )
      expect(rows).toEqual([{ used: true, maintained: true, rolledUp: true }])
    }, 30_000)
    expect(await codeOf(sessions.api, 'SELECT jobledger.realign_transaction_ids()')).toBe('done')
    expect(await codeOf(sessions.api, 'SELECT jobledger.reset_rollup()')).toBe('done')
  })

  it.each([
    'ALTER TABLE jobs DISABLE TRIGGER ALL',
    'ALTER TABLE job_states DISABLE TRIGGER guard_update',
    "SET session_replication_role = 'replica'",
    'DELETE FROM jobs',
    'DELETE FROM job_results',
    'TRUNCATE jobs CASCADE',
    "UPDATE job_states SET actor = 'other'",
    'DELETE FROM job_states',
    'UPDATE jobledger.transaction_offsets SET value = 0',
    "UPDATE jobledger.consumers SET name = 'x' FROM purged_jobs; DELETE FROM jobledger.consumers",
    `INSERT INTO api_keys (name, key_hash, roles) VALUES ('mine', sha256('x'), '{ADMIN}')`,
    `UPDATE api_keys SET roles = '{ADMIN}'`,
    'UPDATE api_keys SET revoked_at = NULL',
    "UPDATE jobledger.refusals SET message = 'x'",
    'UPDATE jobledger.refusals SET timestamp = now()',
    'TRUNCATE jobledger.refusals',
    'DELETE FROM _prisma_migrations',
    'CREATE TABLE mine ()',
    'DROP TABLE jobs',
    'SELECT jobledger.purge(now())',
  ])('may not run: %s', async (sql) => {
    expect(await codeOf(sessions.api, sql)).toBe(DENIED)
  })

  it('cannot write history itself', async () => {
    const { rows } = await sessions.api.query('SELECT id FROM jobs LIMIT 1')
    const insert = `INSERT INTO job_states (job_id, sequence, new_state, actor, timestamp, transaction_id)
      VALUES ('${rows[0].id}', 99, 'COMPLETED', 'forger', now(), 1)`
    expect(await codeOf(sessions.api, insert)).toMatch(/^JL/)
  })
})

describe('the role of a reader', () => {
  it('reads jobs, records and results, and nothing of API keys; writes nothing', async () => {
    for (const table of ['jobs', 'job_states', 'job_results', 'purged_jobs']) {
      expect(await codeOf(sessions.reader, `SELECT FROM ${table}`)).toBe('done')
    }
    const denied = [
      'SELECT FROM api_keys',
      'SELECT FROM jobledger.consumers',
      "UPDATE jobs SET content = 'x'",
      'SELECT jobledger.realign_transaction_ids(1, 1)',
      'SELECT jobledger.reset_rollup()',
      'SELECT jobledger.begin_timeline_if_moved()',
      "INSERT INTO jobledger.consumers (name, transaction_id, record_id) VALUES ('x', 0, 0)",
    ]
    for (const sql of denied) expect(await codeOf(sessions.reader, sql), sql).toBe(DENIED)
  })
})

describe('the role of the owner', () => {
  it('migrates down and up again', async () => {
    const name = await migrateDown(urlOf('owner'))
    await applyMigrations(urlOf('owner'))
    const { rows } = await sessions.owner.query('SELECT max(migration_name) AS name FROM _prisma_migrations')
    expect(rows).toEqual([{ name }])
  })

  it('migrates into a schema that an administrator created, without the right to create schemas', async () => {
    const empty = await createTestDatabase({ empty: true })
    await onServer(empty.url, (client) =>
      client.query(
        `GRANT CREATE ON SCHEMA public TO ${ROLES.owner}; CREATE SCHEMA jobledger AUTHORIZATION ${ROLES.owner}`,
      ),
    )
    const url = new URL(urlOf('owner'))
    url.pathname = new URL(empty.url).pathname
    await applyMigrations(url.href)
    expect(await onServer(url.href, schemaDrift)).toBeUndefined()
    await empty.drop()
  })
})
