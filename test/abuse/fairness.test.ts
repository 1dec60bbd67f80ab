// Slow statements: they use up the connections of their own caller, not those of others.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const BLOCKED = '{ jobs(first: 1) { nodes { id } } }'
const FREE = '{ jobStateRecords(first: 1) { nodes { sequence } } }'

let server: TestServer
let other: pg.Client
let watcher: pg.Client

beforeAll(async () => {
  server = await startTestServer({
    environment: {
      ...PROTECTED,
      DATABASE_POOL_MAX: '10',
      DATABASE_CONNECT_TIMEOUT_MS: '2000',
      LIMIT_CALLER_STATEMENTS: '3',
      LIMIT_REQUEST_STATEMENTS: '2',
    },
  })
  other = new pg.Client({ connectionString: server.databaseUrl })
  watcher = new pg.Client({ connectionString: server.databaseUrl })
  await Promise.all([other.connect(), watcher.connect()])
})
afterEach(() => other.query('ROLLBACK'))
afterAll(async () => {
  await Promise.all([other.end(), watcher.end()])
  await server.close()
})

/** Blocks all reads of jobs until the end of the test. */
async function lockJobs(): Promise<void> {
  await other.query('BEGIN')
  await other.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
}

async function blocked(): Promise<number> {
  const { rows } = await watcher.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'jobledger' AND wait_event_type = 'Lock'`,
  )
  return rows[0].n
}

const aliases = (count: number, field: string): string =>
  `{ ${Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ')} }`

it('limits the number of concurrent statements of one request', async () => {
  await lockJobs()
  const ada = await asUser('ada', 'ADMIN')
  const answer = server.request(aliases(6, 'jobs(first: 1) { nodes { id } }'), {}, ada)
  await eventually(async () => expect(await blocked()).toBe(2))
  await other.query('ROLLBACK')
  const { data, errors } = await answer
  expect(errors).toBeUndefined()
  expect(Object.keys(data)).toHaveLength(6)
})

it('answers other callers while one has reached its limit of statements, and refuses more requests of that one', async () => {
  await lockJobs()
  const [ada, brandt] = [await asUser('ada', 'ADMIN'), await asUser('brandt', 'ADMIN')]
  const answers = Array.from({ length: 20 }, () => server.request(BLOCKED, {}, ada))
  await eventually(async () => expect(await blocked()).toBe(3))
  expect((await server.request(FREE, {}, brandt)).errors).toBeUndefined()
  expect(await blocked()).toBe(3)
  // Three have connections and continue; the others have waited for too long. Requests may overtake
  // each other.
  const settled: Awaited<(typeof answers)[number]>[] = []
  for (const answer of answers) void answer.then((value) => settled.push(value))
  await eventually(() => expect(settled).toHaveLength(17))
  const refused = [...settled]
  for (const { status, errors, headers } of refused) {
    expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } }])
    expect(errors?.[0]?.message).toBe('All connections to the database are in use. Send the request again later.')
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  }
  await other.query('ROLLBACK')
  await Promise.all(answers)
  for (const { errors } of settled.slice(17)) expect(errors).toBeUndefined()
})

it('also reports statements of Prisma that find no free connection', async () => {
  await lockJobs()
  const ada = await asUser('ada', 'ADMIN')
  const first = Array.from({ length: 3 }, () => server.request(BLOCKED, {}, ada))
  await eventually(async () => expect(await blocked()).toBe(3))
  const id = '01890000-0000-7000-8000-000000000000'
  for (const query of [`{ node(id: "${id}") { id } }`, '{ jobCount }', `{ job(id: "${id}") { id } }`]) {
    const { status, errors } = await server.request(query, {}, ada)
    expect([status, errors?.[0]?.extensions?.code]).toEqual([503, 'UNAVAILABLE'])
  }
  await other.query('ROLLBACK')
  await Promise.all(first)
})
