// Counts from the roll-up and the pages of the dashboard on a stock PostgreSQL, which compiles
// statements (JIT) with a high planned cost. Compiling takes longer than running them.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { filters } from '../../bench/cases/filtered.ts'
import { loadDataSet } from '../../bench/dataSet.ts'
import { untilRolledUp } from '../../bench/rolledUp.ts'
import { BUSY_USER, QUIET_USER } from '../../bench/rows.ts'
import {
  JobCountsDocument,
  JobsDocument,
  OperationsDocument,
  StatisticsDocument,
} from '../../dashboard/src/api/documents.generated.ts'
import { sessionSettings } from '../../src/database/client.ts'
import { DASHBOARD_DOCUMENTS } from '../../src/http/dashboard/documents.generated.ts'
import { migrate } from '../support/migrationSql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type SentStatement, type StatementLog } from '../support/statements.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'
import { type PlanFacts, planFacts, plannedCost, plannersOf } from './plans.ts'

vi.setConfig({ hookTimeout: 300_000 })

const JOBS = 200_000
/** The default of jit_above_cost. */
const JIT_ABOVE_COST = 100_000

const COUNTS = 'query ($filter: JobFilter) { jobCount(filter: $filter) jobCountsByState(filter: $filter) { count } }'
const STATS = `query ($filter: JobFilter, $from: DateTime!, $to: DateTime!) {
  jobStats(filter: $filter, from: $from, to: $to, bucket: HOUR) { created } }`
const NOW = Date.now()
const WEEK = { from: new Date(NOW - 7 * 86_400_000), to: new Date(NOW) }
const NO_CURSORS = { after: null, last: null, before: null }
const USERS: [string, object][] = [
  ['all users', {}],
  ['a user with many jobs', { userId: BUSY_USER }],
  ['a user with few jobs', { userId: QUIET_USER }],
]

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
    server = await startTestServer({ databaseUrl: url, environment: { ROLLUP_INTERVAL_SECONDS: '1' } })
    log = logStatements(server)
    await onServer(url, async (client) => {
      await untilRolledUp(client)
      await client.query('ANALYZE jobledger.consumers')
    })
  })

  afterAll(async () => {
    await server?.close()
    await postgres?.destroy()
  })

  async function statementsOf(query: string, variables: object): Promise<SentStatement[]> {
    return await log.sentDuring(async () => {
      expect((await server.request(query, variables)).errors).toBeUndefined()
    })
  }

  /** Of a document of the dashboard. */
  function statementsOfPage({ id }: { readonly id: string }, variables: object): Promise<SentStatement[]> {
    return statementsOf(DASHBOARD_DOCUMENTS.get(id) ?? '', variables)
  }

  /** What `inspect` finds out about each plan that a statement can get. */
  async function plansOf<Facts>(
    statements: readonly SentStatement[],
    options: string,
    inspect: (...of: Parameters<typeof plannedCost>) => Promise<Facts>,
  ): Promise<Facts[]> {
    const client = new pg.Client({ connectionString: server.databaseUrl, options })
    await client.connect()
    const plans: Facts[] = []
    try {
      for (const statement of statements)
        for (const planner of plannersOf(statement)) plans.push(await inspect(client, statement, planner))
    } finally {
      await client.end()
    }
    return plans
  }

  it.each(USERS)('plans counts and statistics of %s below the cost that is compiled', async (_, filter) => {
    const statements = [
      ...(await statementsOf(COUNTS, { filter })),
      ...(await statementsOf(STATS, { filter, ...WEEK })),
    ]
    // Records are read, too, if the roll-up is behind.
    const onRollUp = statements.filter(({ text }) => text.includes('consumers'))
    expect(onRollUp.length).toBeGreaterThanOrEqual(3)
    for (const { totalCost, isCompiled } of await plansOf(onRollUp, '-c TimeZone=UTC', plannedCost)) {
      expect(isCompiled).toBe(false)
      expect(totalCost).toBeLessThan(JIT_ABOVE_COST / 4)
    }
  })

  it('runs the statements of the dashboard by the plans of JIT off, and compiles nothing', async () => {
    const statements = [...(await statementsOfPage(OperationsDocument, {}))]
    for (const [, filter] of USERS)
      statements.push(...(await statementsOfPage(StatisticsDocument, { filter, ...WEEK, bucket: 'HOUR' })))
    const lists = (await onServer(server.databaseUrl, filters)).filter(({ cursor }) => cursor.startsWith('jobs.'))
    for (const { variables } of lists) {
      const { filter = {} } = variables as { filter?: object }
      statements.push(...(await statementsOfPage(JobCountsDocument, { filter })))
      statements.push(...(await statementsOfPage(JobsDocument, { ...NO_CURSORS, ...variables, first: 50 })))
    }
    const reads = statements.filter(({ text }) => /^\s*(?:SELECT|WITH)\b/.test(text))
    expect(reads.length).toBeGreaterThan(60)
    const run = (jit: 'on' | 'off') => plansOf(reads, `-c TimeZone=UTC -c jit=${jit}`, planFacts)
    // Numbers of rows are averages of the workers of a parallel plan.
    const shapes = (plans: PlanFacts[]) => plans.map(({ read: _, ...shape }) => shape)
    const on = shapes(await run('on'))
    expect(on).toEqual(shapes(await run('off')))
    expect(on.filter(({ compiled }) => compiled > 0)).toEqual([])
  })

  it('compiles nothing in its sessions, however high the cost', async () => {
    const count = { text: 'SELECT count(*) FROM job_states AS a, job_states AS b', values: [], name: undefined }
    const settings = sessionSettings({ url: server.databaseUrl, statementTimeoutMs: 30_000 })
    expect((await plansOf([count], '-c TimeZone=UTC', plannedCost))[0]).toMatchObject({ isCompiled: true })
    expect((await plansOf([count], settings.options, plannedCost))[0]).toMatchObject({ isCompiled: false })
    const { rows } = await server.database.pool.query('SHOW jit')
    expect(rows).toEqual([{ jit: 'off' }])
  })
})
