// Several requests on one connection, sent without waiting for responses.
import { connect, type Socket } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const SUBSCRIPTIONS = 2
const SUBSCRIPTION = 'subscription { jobEvents { cursor } }'
const QUERY = '{ jobs(first: 1) { nodes { id } } }'

let server: TestServer
let other: pg.Client
let watcher: pg.Client
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_SUBSCRIPTIONS_PER_CALLER: String(SUBSCRIPTIONS) } })
  other = new pg.Client({ connectionString: server.databaseUrl })
  watcher = new pg.Client({ connectionString: server.databaseUrl })
  await Promise.all([other.connect(), watcher.connect()])
})
afterEach(async () => {
  await other.query('ROLLBACK')
  for (const socket of sockets.splice(0)) socket.destroy()
})
afterAll(async () => {
  await Promise.all([other.end(), watcher.end()])
  await server.close()
})

function requestOf(query: string, accept = 'application/json'): string {
  const body = JSON.stringify({ query })
  return `POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

const STREAM = requestOf(SUBSCRIPTION, 'text/event-stream')

interface Connection {
  readonly socket: Socket
  received(): string
}

/** Sends all requests at once. */
function pipeline(...requests: string[]): Connection {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let received = ''
  socket.on('data', (part) => {
    received += part
  })
  socket.on('error', () => undefined)
  socket.write(requests.join(''))
  return { socket, received: () => received }
}

it('are answered in order', async () => {
  const names = Array.from({ length: 5 }, (_, n) => `n${n}`)
  const { received } = pipeline(...names.map((name) => requestOf(`{ ${name}: __typename }`)))
  await eventually(() => {
    expect(received().match(/n\d(?=":)/g)).toEqual(names)
  })
})

it('open no subscriptions that outlive a lost connection', async () => {
  const { socket, received } = pipeline(...Array.from({ length: 10 }, () => STREAM))
  await eventually(() => expect(received()).toContain('text/event-stream'))
  socket.resetAndDestroy()
  const stop = new AbortController()
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
  const body = JSON.stringify({ query: SUBSCRIPTION })
  const open = () => fetch(`${server.url}/graphql`, { method: 'POST', headers, body, signal: stop.signal })
  for (let n = 0; n < SUBSCRIPTIONS; n += 1)
    await eventually(async () => expect((await open()).status).toBe(200), 10_000)
  stop.abort()
})

it('run no statements before they are due, and none after the connection is lost', async () => {
  await other.query('BEGIN')
  await other.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
  const { socket, received } = pipeline(STREAM, requestOf(QUERY))
  await eventually(() => expect(received()).toContain('text/event-stream'))
  // A request after it on another connection waits for the lock, and this one does not.
  const later = server.request(QUERY)
  // The statements of the event feed wait too.
  const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE '%ledger_timelines%'`
  await eventually(async () => expect((await watcher.query(waiting)).rows).toEqual([{ n: 1 }]), 10_000)
  // Enough time for the one before it.
  for (let n = 0; n < 20; n += 1) await server.request('{ __typename }')
  expect((await watcher.query(waiting)).rows).toEqual([{ n: 1 }])
  socket.resetAndDestroy()
  await other.query('ROLLBACK')
  expect((await later).errors).toBeUndefined()
})

it('are refused by closing the connection if too many wait', async () => {
  const { socket } = pipeline(STREAM, ...Array.from({ length: 200 }, () => requestOf(QUERY)))
  await eventually(() => expect(socket.closed).toBe(true))
  expect((await server.request(QUERY)).errors).toBeUndefined()
})
