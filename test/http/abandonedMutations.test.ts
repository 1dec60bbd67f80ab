// Mutations continue when their clients disconnect, but no longer count against the shared memory
// limit.
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { RawConnection } from '../support/rawHttp.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CLIENTS = 8
/** Counts as 200 KB, which is too little for the request to be stopped. */
const CONTENT = 'x'.repeat(20_000)
const CREATE = `mutation ($content: String!) { createJob(input: { content: $content }) {
  ... on CreateJobSuccess { job { content } } } }`

let server: TestServer
let other: pg.Client
let watcher: pg.Client
beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_MEMORY_BYTES: '2097152' } })
  other = new pg.Client({ connectionString: server.databaseUrl })
  watcher = new pg.Client({ connectionString: server.databaseUrl })
  await Promise.all([other.connect(), watcher.connect()])
})
afterAll(async () => {
  await Promise.all([other.end(), watcher.end()])
  await server.close()
})

it('frees the memory of mutations whose clients disconnected', async () => {
  await other.query('BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
  const waiting = async () => {
    const { rows } = await watcher.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rows[0].n
  }
  for (let n = 1; n <= CLIENTS; n += 1) {
    const connection = await RawConnection.open(server.url)
    const body = JSON.stringify({ query: CREATE, variables: { content: CONTENT } })
    connection.send({ headers: [['content-type', 'application/json']], body })
    await eventually(async () => expect(await waiting()).toBe(n))
    connection.cut()
  }
  await other.query('COMMIT')
  await eventually(async () => expect(await server.ledger.prisma.job.count()).toBe(CLIENTS))
  const { status } = await server.request(CREATE, { content: 'x'.repeat(150_000) })
  expect(status).toBe(200)
})
