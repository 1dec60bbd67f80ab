// The benchmark itself: its tables appear, with correct responses behind every ratio. Speed is not
// tested.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type BenchCase, type CaseResult, measureCase } from '../../bench/benchCase.ts'
import { readCases } from '../../bench/cases/reads.ts'
import { loadDataSet } from '../../bench/dataSet.ts'
import { HttpTarget } from '../../bench/httpTarget.ts'
import { hasPgbench } from '../../bench/pgbench.ts'
import { rowsOf } from '../../bench/report.ts'
import { startStatementCounter } from '../../bench/statementCounter.ts'
import { BENCH_USER, DrivenJobs } from '../../bench/writtenJobs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { databaseUrl, onServer } from '../support/testRun.ts'

// Starting processes takes time on a loaded machine.
vi.setConfig({ testTimeout: 180_000 })

const JOBS = 300
const isPgbenchHere = await hasPgbench()

afterEach(endPrograms)

describe('npm run bench', () => {
  let out: string
  const serverUrl = (): string => inject('testRun').serverUrl

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'jobledger-bench-test-'))
    return async () => {
      rmSync(out, { recursive: true })
      await onServer(serverUrl(), (client) =>
        client.query(`DROP DATABASE IF EXISTS jobledger_bench_${JOBS} WITH (FORCE)`),
      )
    }
  })

  const only = [
    'page',
    'deep-created',
    'filter-user-and-state',
    'dashboard-filter-user-and-state',
    'dashboard-deep-user',
    'dashboard-counts-preset-none',
    'count-state',
    'transition',
    'batch',
    'create',
    'claim',
  ]

  it('measures on its own data set, writes its tables, and reuses the data set', async () => {
    // As an interrupted load leaves it.
    await onServer(serverUrl(), async (client) => {
      await client.query(`CREATE DATABASE jobledger_bench_${JOBS}`)
      await client.query(`COMMENT ON DATABASE jobledger_bench_${JOBS} IS 'jobledger benchmark: incomplete'`)
    })
    // Few callers, so that each completes an operation in that time even on a loaded machine.
    const settings = `--jobs ${JOBS} --rounds 1 --seconds 0.2 --callers 4 --no-postgraphile --no-build --out`
    const words = [...settings.split(' '), out]
    const environment = { BENCH_DATABASE_URL: serverUrl() }
    const first = runProgram('bench/bench.ts', environment, [...words, '--only', ...only])
    expect(await first.ended, first.stderr() + first.stdout()).toMatchObject({ code: 0 })
    expect(first.stdout()).toMatch(/Making jobledger_bench_300: 300 jobs, 1200 records/)

    const { results } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { results: CaseResult[] }
    expect(results.map(({ name }) => name)).toEqual([
      'page',
      'deep-created-desc',
      'deep-created-asc',
      'filter-user-and-state',
      'filter-user-and-state-few',
      'dashboard-filter-user-and-state',
      'dashboard-filter-user-and-state-few',
      'dashboard-deep-user',
      'dashboard-counts-preset-none',
      'count-state',
      'create',
      'transition',
      'batch',
      'claim',
    ])
    for (const { contenders, faults } of results) {
      expect(faults).toEqual([])
      for (const { perSecond } of contenders) expect(perSecond.median).toBeGreaterThan(0)
    }
    const transition = results.find(({ name }) => name === 'transition')
    expect(transition?.ratios.pg?.median).toBeGreaterThan(0)
    expect(transition?.contenders.map(({ name, statements }) => [name, statements]).slice(0, 2)).toEqual([
      ['jobledger', 1],
      ['pg', 1],
    ])
    expect(readdirSync(out).toSorted()).toEqual(['results.json', 'results.md'])
    const table = readFileSync(join(out, 'results.md'), 'utf8')
    for (const report of [table, first.stdout()])
      expect(report).toContain('\nFewer than five rounds of a second: a trial')
    expect(table).toMatch(/\| page \| 4 \| jobledger \| .* \| no PostGraphile \|/)
    expect(table).toMatch(/\| transition \| 4 \| pg \| .* \| \d+\.\d\d \(.* to .*\) x \|/)

    const second = runProgram('bench/bench.ts', environment, [...words, '--only', 'count-total'])
    expect(await second.ended).toMatchObject({ code: 0 })
    expect(second.stdout()).toMatch(/Found jobledger_bench_300/)
    const left = await onServer(databaseUrl(serverUrl(), `jobledger_bench_${JOBS}`), (client) =>
      client.query<{ jobs: number; records: number; written: number }>(
        'SELECT count(*)::int AS jobs, sum(version)::int AS records, count(*) FILTER (WHERE user_id = $1)::int AS written FROM jobs',
        [BENCH_USER],
      ),
    )
    expect(left.rows).toEqual([{ jobs: JOBS, records: 4 * JOBS, written: 0 }])
  })

  it.skipIf(!isPgbenchHere)('leaves nothing behind when the terminal is closed', async () => {
    const words = ['--jobs', String(JOBS), '--seconds', '2', '--callers', '4', '--no-postgraphile', '--no-build']
    const environment = { BENCH_DATABASE_URL: serverUrl(), TMPDIR: out }
    const program = runProgram('bench/bench.ts', environment, [...words, '--out', out, '--only', 'create'])
    const temporary = (): string[] => readdirSync(out).filter((name) => name.startsWith('jobledger-'))
    await expect.poll(temporary, { timeout: 90_000 }).toHaveLength(1)
    program.process.kill('SIGHUP')
    expect(await program.ended).toMatchObject({ code: 129 })
    expect(temporary()).toEqual([])
    const sessions = `SELECT application_name FROM pg_stat_activity WHERE datname = 'jobledger_bench_${JOBS}'`
    await expect.poll(() => onServer(serverUrl(), async (client) => (await client.query(sessions)).rows)).toEqual([])
  })
})

describe('a case', () => {
  const settings = { rounds: 2, seconds: 0.1 }
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  /** A server that responds to every request with a page of this many jobs, or with a status. */
  async function pageServer(
    respond: (asked: number) => { status?: number; jobs?: number; errors?: boolean },
  ): Promise<HttpTarget> {
    let asked = 0
    const server = createServer((incoming, response) => {
      incoming.resume().once('end', () => {
        const { status = 200, jobs = 20, errors = false } = respond(asked)
        asked += 1
        const nodes = Array.from({ length: jobs }, (_, index) => ({ jobId: `job ${index}`, state: 'PENDING' }))
        const renamed = nodes.map(({ jobId, ...job }) => ({ rowId: jobId, ...job }))
        response.writeHead(status)
        response.end(
          JSON.stringify({ data: { jobs: { nodes }, allJobs: { nodes: renamed } }, ...(errors && { errors: [] }) }),
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const target = new HttpTarget(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, 2)
    closing.push(
      () => void server.close(),
      () => target.close(),
    )
    return target
  }

  async function measurePages(
    server: HttpTarget,
    postgraphile: HttpTarget,
    targets: Pick<BenchCase, 'maxP95Ms'> = {},
  ): Promise<CaseResult> {
    const client = new pg.Client() // Not asked.
    const makers = readCases({ server, postgraphile, client, callers: 2, depth: 1 }, (name) => name === 'page')
    const [benchCase] = await Promise.all(makers.map((make) => make()))
    return measureCase({ ...(benchCase as BenchCase), ...targets }, settings, { client: undefined })
  }

  const right = () => ({})

  it('has a ratio if every response was correct', async () => {
    const result = await measurePages(await pageServer(right), await pageServer(right))
    expect(result.faults).toEqual([])
    expect(result.ratios.PostGraphile?.median).toBeGreaterThan(0)
    expect(rowsOf(result)[1]?.ratio).toMatch(/^\d+\.\d\d \(.*\) x$/)
  })

  it('reports a target that it misses', async () => {
    const measure = async (maxP95Ms: number) =>
      (await measurePages(await pageServer(right), await pageServer(right), { maxP95Ms })).faults
    expect(await measure(60_000)).toEqual([])
    expect(await measure(0)).toEqual([expect.stringMatching(/^the p95 is \d+ ms \(target: 0 ms\)$/)])
  })

  it.each([
    ['a row is missing', () => ({ jobs: 19 }), /the response has 19 jobs \(expected 20\)/],
    ['there are errors', () => ({ errors: true }), /status 200: "errors"/],
    ['the status is another', () => ({ status: 503 }), /status 503/],
    ['one response of many is wrong', (asked: number) => ({ errors: asked === 20 }), /"errors"/],
  ])('has no ratio where %s', async (_, response, fault) => {
    for (const [server, postgraphile] of [
      [await pageServer(response), await pageServer(right)],
      [await pageServer(right), await pageServer(response)],
    ] as const) {
      const result = await measurePages(server, postgraphile)
      expect(result.ratios).toEqual({})
      expect(result.faults.join('\n')).toMatch(fault)
      expect(rowsOf(result).map(({ ratio }) => ratio)).toEqual(['wrong', 'refused'])
    }
  })
})

describe('the basis of the figures', () => {
  let database: TestDatabase
  let client: pg.Client
  beforeEach(async () => {
    database = await createTestDatabase()
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
    return async () => {
      await client.end()
      await database.drop()
    }
  })

  it('the data set has complete histories and every state, and does not change the schema', async () => {
    const shape = async (): Promise<unknown[]> =>
      (
        await client.query(
          'SELECT indexdef FROM pg_indexes UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1',
        )
      ).rows
    const before = await shape()
    await loadDataSet(database.url, { size: JOBS, nowMs: Date.now() }, () => undefined) // Rejects if a history does not add up.
    expect(await shape()).toEqual(before)
    const { rows } = await client.query('SELECT DISTINCT state FROM jobs ORDER BY state')
    expect(rows).toHaveLength(5)
    const ahead = async (): Promise<unknown[]> =>
      (await client.query('SELECT FROM job_states WHERE transaction_id >= jobledger.visible_xmin()')).rows
    // Transactions of other databases on the server also hold back the horizon.
    await expect.poll(ahead).toEqual([])
    await expect(client.query('DELETE FROM job_states')).rejects.toThrow(/append-only|JL003|may not/)
  })

  it('transitions that were confirmed but not made are detected', async () => {
    const jobs = await DrivenJobs.make(client, 2, 5)
    await jobs.verify()
    const moves = jobs.moves(1, 1)
    await client.query(`UPDATE jobs SET state = 'PROCESSING', version = version + 1 WHERE id = $1`, [moves[0]?.job.id])
    jobs.settle(1, moves, [2])
    await jobs.verify()
    jobs.settle(0, jobs.moves(0, 1), [2])
    await expect(jobs.verify()).rejects.toThrow('the database has 11 versions and 11 records, where 12 were confirmed')
    expect(() => jobs.settle(0, jobs.moves(0, 1), [undefined])).toThrow(/from version 1 to undefined/)
  })

  it('statements are counted on the wire', async () => {
    const counter = await startStatementCounter(database.url)
    await onServer(counter.url, async (counted) => {
      const before = counter.count()
      await counted.query('BEGIN')
      await counted.query({ name: 'one', text: 'SELECT $1::text', values: ['x'.repeat(100_000)] })
      await counted.query({ name: 'one', text: 'SELECT $1::text', values: ['y'] })
      await counted.query('COMMIT')
      expect(counter.count() - before).toBe(4)
    })
    await counter.close()
  })
})
