// The load test itself: it generates load, stops cleanly, and detects wrong accounts.
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { accountFaults, accountsByApi, accountsBySql } from '../../load/accounts.ts'
import { LoadClient } from '../../load/loadClient.ts'
import { Traffic } from '../../load/traffic.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

// Starting processes takes time on a loaded machine.
vi.setConfig({ testTimeout: 120_000 })

afterEach(endPrograms)

const EACH = /Each of the [1-9]\d* completed jobs has exactly the records PENDING, PROCESSING, COMPLETED and one result/

function load(words: string[], environment: Record<string, string> = {}): Program {
  return runProgram('load/load.ts', environment, words)
}

/** The databases of load tests. They belong to no test file and have no template. */
async function loadDatabases(): Promise<string[]> {
  const { rows } = await onServer(inject('testRun').serverUrl, (client) =>
    client.query<{ datname: string }>("SELECT datname FROM pg_database WHERE datname LIKE 'jobledger_test_%_load'"),
  )
  return rows.map(({ datname }) => datname)
}

describe('npm run load', () => {
  it('loads a server of its own, finds every account correct, and leaves nothing behind', async () => {
    const program = load(['--seconds', '1', '--batch', '10'], { TEST_DATABASE_URL: inject('testRun').serverUrl })
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(program.stdout()).toMatch(EACH)
    expect(program.stdout()).toMatch(/created .*\n.*claimed .*\n.*completed /)
    expect(program.stderr()).toBe('')
    expect(await loadDatabases()).toEqual([])
  })

  it('stops cleanly on Ctrl-C: started work is finished and checked', async () => {
    const program = load(['--seconds', '600'], { TEST_DATABASE_URL: inject('testRun').serverUrl })
    await program.says(/600 s of load/)
    program.process.kill('SIGINT')
    expect(await program.ended).toMatchObject({ code: 130 })
    expect(program.stdout()).toMatch(/completed jobs has exactly the records/)
    expect(program.stderr()).toBe('')
    expect(await loadDatabases()).toEqual([])
  })

  it('reports in one sentence that no server responds', async () => {
    const program = load(['--url', 'http://127.0.0.1:1/graphql'])
    expect(await program.ended).toMatchObject({ code: 1 })
    expect(program.stderr()).toMatch(/^http:\/\/127\.0\.0\.1:1\/graphql does not respond \(.*\): start a server there/)
    expect(program.stderr()).not.toMatch(/^\s+at /m)
  })
})

describe('the accounts', () => {
  let server: TestServer
  let client: LoadClient
  let traffic: Traffic
  const run = 'load-test'
  const settings = { seconds: 1, creators: 2, batch: 5, workers: 2, concurrency: 2, claim: 10, backlog: 50 }

  beforeEach(async () => {
    server = await startTestServer()
    client = new LoadClient({ endpoint: `${server.url}/graphql`, token: undefined, user: undefined, run })
    traffic = new Traffic(client, settings)
    await traffic.run(new AbortController().signal)
    return () => server.close()
  })

  const faults = async (): Promise<string[][]> => {
    const { created, completed } = traffic.counts
    const expected = { completed, waiting: created - completed }
    const bySql = await accountsBySql(server.databaseUrl, run)
    return [
      accountFaults(await accountsByApi(client, run), expected),
      [...accountFaults(bySql.accounts, expected), ...bySql.faults],
    ]
  }

  it('add up over the API and in the tables', async () => {
    expect(traffic.counts.completed).toBeGreaterThan(0)
    expect(traffic.counts).toEqual({ ...traffic.counts, created: traffic.counts.completed })
    expect(traffic.latencies.creationToCompletion.figures.count).toBe(traffic.counts.completed)
    expect(await faults()).toEqual([[], []])
  })

  it('do not add up with an extra job', async () => {
    await client.create('one more')
    const found = [expect.stringMatching(/^1 jobs \(expected 0\): PENDING v1/)]
    expect(await faults()).toEqual([found, found])
  })

  it('do not add up when a job has another history', async () => {
    const job = await server.database.prisma.job.findFirstOrThrow()
    await server.request('mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { __typename } }', { id: job.id })
    const { completed } = traffic.counts
    const missing = expect.stringMatching(new RegExp(`^${completed - 1} jobs \\(expected ${completed}\\): COMPLETED`))
    const other = expect.stringMatching(/^1 jobs \(expected 0\): CANCELLED v4/)
    const [byApi, bySql] = await faults()
    expect(byApi).toEqual([missing]) // Deleted jobs are not listed.
    expect(bySql).toEqual(expect.arrayContaining([missing, other]))
  })
})
