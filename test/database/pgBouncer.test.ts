// Two servers behind PgBouncer, configured as in docs/pgbouncer.md, and the messages for other
// configurations.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkDatabase } from '../../src/database/checkDatabase.ts'
import { eventually } from '../support/eventually.ts'
import { migrate } from '../support/migrationSql.ts'
import { type PgBouncer, type PgBouncerOptions, startPgBouncer, withoutPgBouncer } from '../support/pgBouncer.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'

vi.setConfig({ hookTimeout: 180_000, testTimeout: 120_000 })

const CREATE = `mutation { createJob(input: { userId: "u", content: "c", maxAttempts: 2 }) {
  ... on CreateJobSuccess { job { jobId createdAt } } } }`
const START = `mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) {
  ... on TransitionJobSuccess { job { state } record { sequence } } } }`
const READ = 'query ($id: ID!) { job(id: $id) { state stateHistory { nodes { newState } } } jobCount }'

/** The content of docs/pgbouncer.md for pgbouncer.ini and for the role. */
const IGNORED = { ignore_startup_parameters: 'options' }
const ROLE_SETTINGS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  bytea_output: 'hex',
  search_path: 'public',
  default_transaction_isolation: 'read committed',
  jit: 'off',
  statement_timeout: '30000',
  'jobledger.retry_base_ms': '77000',
}

const isSkipped = withoutPgBouncer('PgBouncer') || withoutStockPostgres('PgBouncer')

describe.skipIf(isSkipped)('behind PgBouncer', () => {
  let postgres: StockPostgres
  let pooler: PgBouncer | undefined
  const servers: TestServer[] = []
  const folder = mkdtempSync(join(tmpdir(), 'jobledger-events-'))

  beforeAll(async () => {
    // A server with unsuitable defaults.
    postgres = await startStockPostgres({ timezone: 'Asia/Tokyo', datestyle: 'SQL, DMY', bytea_output: 'escape' })
    await onServer(postgres.url, async (client) => {
      await client.query('CREATE ROLE app SUPERUSER LOGIN')
      await client.query('CREATE ROLE bare SUPERUSER LOGIN')
      await client.query(`CREATE DATABASE ledger ${PRISTINE}`)
      for (const [name, value] of Object.entries(ROLE_SETTINGS))
        await client.query(`ALTER ROLE app SET ${name} = '${value}'`)
    })
    await migrate(databaseUrl(postgres.url, 'ledger'))
    await onServer(databaseUrl(postgres.url, 'ledger'), async (client) => {
      await client.query("INSERT INTO jobledger.api_roles VALUES ('app'), ('bare')")
      // By default it comes before `public`.
      await client.query('CREATE SCHEMA AUTHORIZATION bare')
    })
  })

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
    await pooler?.stop()
    pooler = undefined
  })

  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await postgres?.destroy()
  })

  async function start(options: Omit<PgBouncerOptions, 'target'>, environment: Record<string, string> = {}) {
    pooler ??= await startPgBouncer({ target: postgres.port, ...options })
    const server = await startTestServer({
      databaseUrl: pooler.urlOf('ledger'),
      environment: { JOB_RETRY_BASE_MS: '77000', ...environment },
    })
    servers.push(server)
    return server
  }

  const readiness = async ({ url }: TestServer) => await (await fetch(`${url}/readyz`)).json()
  const checked = (server: TestServer) => checkDatabase(server.database, server.databaseUrl)

  describe.each(['session', 'transaction'] as const)('that pools by %s', (poolMode) => {
    const prepared = poolMode === 'session' ? ['true', 'false'] : ['false']

    it.each(prepared)('two servers work, with DATABASE_PREPARED_STATEMENTS=%s, and one publishes', async (value) => {
      const file = join(folder, `${poolMode}-${value}.jsonl`)
      const environment = { DATABASE_PREPARED_STATEMENTS: value, EVENTS_FILE: file, ROLLUP_INTERVAL_SECONDS: '1' }
      const options = { user: 'app', poolMode, settings: IGNORED }
      const both = [await start(options, environment), await start(options, environment)]
      for (const server of both) expect(await checked(server)).toEqual({ isReadOnly: false })
      const created = await Promise.all(Array.from({ length: 30 }, (_, n) => createAndStart(both[n % 2] as TestServer)))
      await eventually(() => expect(jobsIn(file, created)).toBe(30))
      // The other one takes over the lock.
      await (servers.shift() as TestServer).close()
      const later = await createAndStart(both[1] as TestServer)
      await eventually(() => expect(jobsIn(file, [later])).toBe(1), 30_000)
      expect(await readiness(both[1] as TestServer)).toEqual({ status: 'ready' })
    })
  })

  async function createAndStart(server: TestServer): Promise<string> {
    const { data, errors } = await server.request(CREATE)
    expect(errors).toBeUndefined()
    const { jobId: id, createdAt } = data.createJob.job
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(600_000)
    expect(await server.request(START, { id })).toMatchObject({
      data: { transitionJob: { job: { state: 'PROCESSING' }, record: { sequence: 2 } } },
    })
    const read = await server.request(READ, { id })
    expect(read.errors).toBeUndefined()
    expect(read.data.job.stateHistory.nodes).toHaveLength(2)
    return id
  }

  function jobsIn(file: string, ids: readonly string[]): number {
    const text = readFileSync(file, 'utf8')
    return ids.filter((id) => text.includes(id)).length
  }

  it('answers all requests even if prepared statements are lost, and the check says what to set', async () => {
    const options = { user: 'app', poolMode: 'transaction', settings: IGNORED } as const
    const both = [await start(options), await start(options)]
    await expect(checked(both[0] as TestServer)).rejects.toThrow(/: set DATABASE_PREPARED_STATEMENTS=false\.$/)
    await Promise.all(Array.from({ length: 30 }, (_, n) => createAndStart(both[n % 2] as TestServer)))
  })

  it('names each dropped setting, at the start and as not ready', async () => {
    const server = await start({ user: 'bare', poolMode: 'session', settings: IGNORED })
    const { message } = await checked(server).then(
      () => new Error('It passed.'),
      (error: Error) => error,
    )
    for (const [name, value] of Object.entries(ROLE_SETTINGS)) {
      if (name === 'default_transaction_isolation') continue // The server's own default is right.
      expect(message).toContain(`ALTER ROLE ... SET ${name} = '${value}'.`)
    }
    expect(await readiness(server)).toMatchObject({
      status: 'not ready',
      reason: expect.stringMatching(/^The database setting TimeZone must be /),
    })
  })

  it('is ready when the role was given its settings and PgBouncer was restarted', async () => {
    const server = await start({ user: 'bare', poolMode: 'transaction', settings: IGNORED })
    expect(await readiness(server)).toMatchObject({ status: 'not ready' })
    await onServer(postgres.url, async (client) => {
      for (const [name, value] of Object.entries(ROLE_SETTINGS))
        await client.query(`ALTER ROLE bare SET ${name} = '${value}'`)
    })
    await pooler?.restart()
    await eventually(async () => expect(await readiness(server)).toEqual({ status: 'ready' }), 30_000)
  })

  it('is refused if it rejects settings, and the message names the documentation', async () => {
    const server = await start({ user: 'app', poolMode: 'session' })
    await expect(checked(server)).rejects.toThrow(/refuses our settings .*options.* docs\/pgbouncer\.md\.$/)
  })
})
