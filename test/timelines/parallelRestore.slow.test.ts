// A restore by several sessions that commit separately (pg_restore -j): tables, functions, indexes
// and triggers appear one by one under a running server.
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { schemaDrift } from '../../src/database/schemaDrift.ts'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { onServer } from '../support/testRun.ts'
import { CREATE, createJobs, dump, expectExactCounts, readiness, restore, startLedgerPostgres } from './ledgerCopy.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function begin(starting: Promise<StockPostgres>): Promise<StockPostgres> {
  const postgres = await starting
  endings.push(() => postgres.destroy())
  return postgres
}

async function serve(url: string): Promise<TestServer & { readonly lines: LogLine[] }> {
  const { log, lines } = readableLog()
  const environment = {
    ROLLUP_INTERVAL_SECONDS: '1',
    MAINTENANCE_INTERVAL_SECONDS: '1',
    DATABASE_CONNECT_TIMEOUT_MS: '2000',
  }
  const server = await startTestServer({ databaseUrl: url, environment, log })
  endings.push(() => server.close())
  return { ...server, lines }
}

/** Enough jobs for a restore of one or two seconds. */
const fill = (url: string) =>
  onServer(url, (client) =>
    client.query(
      "INSERT INTO jobs (user_id, content) SELECT 'u' || n % 10, repeat('c', 500) FROM generate_series(1, 20000) AS n",
    ),
  )

const REQUESTS = [
  CREATE,
  '{ jobs(first: 5) { nodes { id metadata stateHistory(first: 2) { nodes { newState } } result { output } } } }',
  '{ jobCount latestEventCursor }',
  'mutation { claimJobs(input: { workerId: "w", limit: 1 }) { __typename } }',
]

/** Sends requests until it is stopped. Returns the kinds of responses. */
function keepAsking(server: TestServer) {
  const kinds = new Map<string, number>()
  let isStopped = false
  const ask = async (query: string): Promise<void> => {
    while (!isStopped) {
      const { errors } = await server.request(query)
      const kind = (errors as { extensions: { code: string } }[] | undefined)?.[0]?.extensions.code ?? 'data'
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
  }
  const asking = Promise.all(REQUESTS.map(ask))
  return async () => {
    isStopped = true
    await asking
    return kinds
  }
}

/**
 * Checks repeatedly whether the server reports ready while the schema is incomplete. Returns how
 * often it did.
 */
function keepLooking(server: TestServer, databaseUrl: string) {
  let early = 0
  let isStopped = false
  const look = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    while (!isStopped) {
      const { status } = await readiness(server)
      // What is incomplete after the response was incomplete before it: a restore only adds.
      if (status === 200 && (await schemaDrift(client)) !== undefined) early += 1
    }
    await client.end()
  }
  const looking = look()
  return async () => {
    isStopped = true
    await looking
    return early
  }
}

describe.skipIf(withoutStockPostgres('parallel restores'))(
  'a restore by several sessions under a running server',
  () => {
    it.each([['on a new server', true]])(
      '%s makes requests wait, and the server is ready when all is there',
      { timeout: 300_000 },
      async (_, isNew) => {
        const old = await begin(startLedgerPostgres())
        await fill(old.url)
        const server = await serve(old.url)
        await createJobs(server, 5)
        const dumped = await dump(old)
        const jobs = await server.ledger.prisma.job.count()
        if (isNew) await old.stop()
        const target = isNew ? await begin(startStockPostgres({ port: old.port })) : old
        const stopAsking = keepAsking(server)
        const stopLooking = isNew ? keepLooking(server, target.url) : async () => 0
        await restore(target, dumped, '-j', '4', ...(isNew ? [] : ['--clean', '--if-exists']))
        await eventually(async () => expect((await readiness(server)).status).toBe(200), 30_000)
        await eventually(async () => expect(await server.request(CREATE)).toMatchObject({ data: { createJob: {} } }))
        expect(await stopLooking()).toBe(0)
        const kinds = await stopAsking()
        expect([...kinds.keys()].filter((kind) => !['data', 'UNAVAILABLE', 'OUTCOME_UNKNOWN'].includes(kind))).toEqual(
          [],
        )
        expect(kinds.get('UNAVAILABLE')).toBeGreaterThan(0)
        expect(await server.ledger.prisma.job.count()).toBeGreaterThan(jobs)
        await expectExactCounts(server)
        expect(await unrecorded(server)).toBe(0)
        const changes = server.lines.filter(({ msg }) => msg === 'not ready' || msg === 'ready again')
        const reasons = changes.map(({ reason }) => reason)
        expect(reasons.some((reason) => reason !== undefined)).toBe(true)
        expect(reasons.at(-1)).toBeUndefined()
        for (const [index, reason] of reasons.entries()) if (index > 0) expect(reason).not.toBe(reasons[index - 1])
      },
    )
  },
)

/** Jobs whose last record differs from their state. */
async function unrecorded({ ledger }: TestServer): Promise<number | undefined> {
  const [row] = await ledger.prisma.$queryRaw<{ count: number }[]>`
    SELECT count(*)::integer AS count FROM jobs
    WHERE NOT EXISTS (SELECT FROM job_states WHERE job_id = jobs.id AND sequence = version AND new_state = state)`
  return row?.count
}
