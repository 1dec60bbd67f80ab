// Counts from the roll-up on a stock PostgreSQL, which compiles statements (JIT) with a high
// planned cost. Compiling takes longer than running them.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadDataSet } from '../../bench/dataSet.ts'
import { BUSY_USER, QUIET_USER } from '../../bench/rows.ts'
import { sessionSettings } from '../../src/database/client.ts'
import { migrate } from '../support/migrationSql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type SentStatement, type StatementLog } from '../support/statements.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'
import { type PlannedCost, plannedCost, plannersOf } from './plans.ts'

vi.setConfig({ hookTimeout: 300_000 })

const JOBS = 200_000
/** The default of jit_above_cost. */
const JIT_ABOVE_COST = 100_000

const COUNTS = 'query ($filter: JobFilter) { jobCount(filter: $filter) jobCountsByState(filter: $filter) { count } }'
const STATS = `query ($filter: JobFilter, $from: DateTime!, $to: DateTime!) {
  jobStats(filter: $filter, from: $from, to: $to, bucket: HOUR) { created } }`

describe.skipIf(withoutStockPostgres('the plans of counts with JIT'))('with JIT on', () => {
  let postgres: StockPostgres
  let server: TestServer
  let log: StatementLog

  beforeAll(async () => {
    postgres = await startStockPostgres({ autovacuum: 'off' })
    await onServer(postgres.url, (client) => client.query(`CREATE DATABASE plans ${PRISTINE}`))
    const url = databaseUrl(postgres.url, 'plans')
    await migrate(url)
    await onServer(url, (client) => client.query('ALTER DATABASE plans SET jit = on'))
    await loadDataSet(url, { size: JOBS, nowMs: Date.now() }, () => undefined)
    server = await startTestServer({ databaseUrl: url })
    log = logStatements(server)
  })

  afterAll(async () => {
    await server?.close()
    await postgres?.destroy()
  })

  /**
   * The statements on the roll-up for a request. Records are read, too, if the roll-up is behind.
   */
  async function statementsOnRollUp(query: string, variables: object): Promise<SentStatement[]> {
    const sent = await log.sentDuring(async () => {
      expect((await server.request(query, variables)).errors).toBeUndefined()
    })
    return sent.filter(({ text }) => text.includes('consumers'))
  }

  async function plansOf(statements: readonly SentStatement[], options: string): Promise<PlannedCost[]> {
    const client = new pg.Client({ connectionString: server.databaseUrl, options })
    await client.connect()
    const plans: PlannedCost[] = []
    try {
      for (const statement of statements)
        for (const planner of plannersOf(statement)) plans.push(await plannedCost(client, statement, planner))
    } finally {
      await client.end()
    }
    return plans
  }

  it.each([
    ['all users', {}],
    ['a user with many jobs', { userId: BUSY_USER }],
    ['a user with few jobs', { userId: QUIET_USER }],
  ])('plans counts and statistics of %s below the cost that is compiled', async (_, filter) => {
    const to = new Date()
    const from = new Date(to.getTime() - 7 * 86_400_000)
    const statements = [
      ...(await statementsOnRollUp(COUNTS, { filter })),
      ...(await statementsOnRollUp(STATS, { filter, from, to })),
    ]
    expect(statements.length).toBeGreaterThanOrEqual(3)
    for (const { totalCost, isCompiled } of await plansOf(statements, '-c TimeZone=UTC')) {
      expect(isCompiled).toBe(false)
      expect(totalCost).toBeLessThan(JIT_ABOVE_COST / 4)
    }
  })

  it('compiles nothing in its sessions, however high the cost', async () => {
    const count = { text: 'SELECT count(*) FROM job_states AS a, job_states AS b', values: [], name: undefined }
    const settings = sessionSettings({ url: server.databaseUrl, statementTimeoutMs: 30_000 })
    expect((await plansOf([count], '-c TimeZone=UTC'))[0]).toMatchObject({ isCompiled: true })
    expect((await plansOf([count], settings.options))[0]).toMatchObject({ isCompiled: false })
    const { rows } = await server.database.pool.query('SHOW jit')
    expect(rows).toEqual([{ jit: 'off' }])
  })
})
