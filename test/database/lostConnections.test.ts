// Connections that break in the middle of a statement: the request fails, the server continues.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const START = 'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) { __typename } }'

let database: TestDatabase
let relay: Relay
let server: TestServer
let other: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  relay = await startRelay(database.url)
  // One connection, so that the next request would see any state that a failure leaves behind.
  const environment = { DATABASE_POOL_MIN: '1', DATABASE_POOL_MAX: '1' }
  server = await startTestServer({ databaseUrl: relay.url, environment })
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
})

afterEach(async () => {
  await other.end()
  await server.close()
  relay.close()
  await database.drop()
})

interface Relay {
  /** The URL of the database through the relay. */
  readonly url: string
  /** Breaks every connection. */
  cut(): void
  /** PostgreSQL ends the next connection at the moment it is ready. */
  endNextAtOnce(): void
  close(): void
}

// Messages of the protocol (PostgreSQL documentation, "Message Formats"): ReadyForQuery outside of
// a transaction, and ErrorResponse.
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1')
const FIELDS = 'SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'
const ENDING = Buffer.from(`E\0\0\0${String.fromCharCode(FIELDS.length + 4)}${FIELDS}`, 'latin1')

async function startRelay(databaseUrl: string): Promise<Relay> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let isToEnd = false
  const cut = (): void => sockets.forEach((socket) => void socket.destroy())
  const listener: Server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname)
    for (const [socket, opposite] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        opposite.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes: Buffer) => {
      const ends = isToEnd && bytes.subarray(-READY.length).equals(READY)
      if (ends) isToEnd = false
      near.write(ends ? Buffer.concat([bytes, ENDING]) : bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${port}`
  const close = (): void => {
    listener.close()
    cut()
  }
  const endNextAtOnce = (): void => {
    isToEnd = true
  }
  return { url: url.href, cut, endNextAtOnce, close }
}

/**
 * Sends two requests. The first holds the only connection and waits for a lock, until `breakIt`.
 * Resolves to their responses.
 */
async function breakInTheMiddle(breakIt: (pid: number) => unknown) {
  const { id } = await newJob(server.ledger)
  await other.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE')
  const first = server.request(START, { id })
  const pid = await eventually(async () => {
    const { rows } = await other.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    expect(rows).toHaveLength(1)
    return rows[0]?.pid as number
  })
  // Not a request of a caller: those wait for each other before they reach the pool.
  const second = server.database.pool.query('SELECT count(*)::integer FROM jobs')
  await eventually(() => expect(server.database.pool.waitingCount).toBe(1))
  await breakIt(pid)
  return Promise.all([first, second])
}

// A loss that no listener handles is an uncaught exception. It fails the run, and would end a
// server.

const UNKNOWN = {
  status: 503,
  errors: [expect.objectContaining({ extensions: { code: 'OUTCOME_UNKNOWN', retryAfterSeconds: 1 } })],
}
const UNAVAILABLE = { errors: [{ extensions: { code: 'UNAVAILABLE' } }] }
const ANSWERED = expect.objectContaining({ rows: [{ count: 1 }] })
const COUNT = '{ jobCount }'

it('reports an unknown outcome for a mutation that lost its connection, and serves the next request', async () => {
  const answers = await breakInTheMiddle(() => relay.cut())
  expect(answers).toEqual([expect.objectContaining(UNKNOWN), ANSWERED])
})

it('does not reuse a connection that PostgreSQL is ending', async () => {
  const answers = await breakInTheMiddle((pid) => other.query('SELECT pg_terminate_backend($1)', [pid]))
  expect(answers).toEqual([expect.objectContaining(UNKNOWN), ANSWERED])
})

it('survives a connection that ends at the moment it is ready', async () => {
  relay.endNextAtOnce()
  expect(await server.request(COUNT)).toMatchObject(UNAVAILABLE)
  expect(await server.request(COUNT)).toMatchObject({ data: { jobCount: 0 } })
})
