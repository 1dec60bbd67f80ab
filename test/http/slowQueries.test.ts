// The log of slow requests and statements.
import { Writable } from 'node:stream'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { bearer } from '../support/credentials.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const SLOW_MS = 300

let server: TestServer
let other: pg.Client
let watcher: pg.Client
const lines: { requestId: string; msg: string; durationMs: number }[] = []

const sink = new Writable({
  write(line, _, done) {
    lines.push(JSON.parse(String(line)))
    done()
  },
})

beforeAll(async () => {
  const log = pino({ level: 'warn', base: null, timestamp: false }, sink)
  server = await startTestServer({ log, environment: { SLOW_THRESHOLD_MS: String(SLOW_MS) } })
  other = new pg.Client({ connectionString: server.databaseUrl })
  watcher = new pg.Client({ connectionString: server.databaseUrl })
  await Promise.all([other.connect(), watcher.connect()])
})

// Not on the connection that holds the lock: a transaction sees one snapshot of pg_stat_activity.
// The pool does not fit either: it checks new connections by statements that wait for the lock.
const statementsWaiting = async () => {
  const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  return (await watcher.query(waiting)).rowCount
}

afterAll(async () => {
  await Promise.all([other.end(), watcher.end()])
  await server.close()
})

it('logs slow requests and statements with their operation and duration, and without values', async () => {
  const { id } = await newJob(server.ledger)
  await other.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE')
  const query = `mutation StartIt($id: ID!) {
    transitionJob(input: { jobId: $id, to: PROCESSING, reason: "hush" }) { __typename }
  }`
  const answering = server.request(query, { id }, { 'x-request-id': 'slow-1' })
  await expect.poll(statementsWaiting).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  await other.query('ROLLBACK')
  expect((await answering).data.transitionJob.__typename).toBe('TransitionJobSuccess')
  const logged = () => lines.filter(({ requestId }) => requestId === 'slow-1')
  await expect.poll(logged).toHaveLength(2)
  const common = { level: 40, requestId: 'slow-1', operation: 'mutation StartIt', actor: expect.any(String) }
  const durationMs = expect.any(Number)
  expect(logged()).toEqual([
    {
      ...common,
      durationMs,
      statement: expect.stringMatching(/^WITH changed AS [^\n]*UPDATE jobs SET [^\n]+$/),
      msg: 'slow statement',
    },
    { ...common, durationMs, status: 200, msg: 'slow request' },
  ])
  for (const line of logged()) expect(line.durationMs).toBeGreaterThanOrEqual(SLOW_MS)
  expect(JSON.stringify(logged())).not.toMatch(new RegExp(`hush|${id}`))
})

it('logs neither quick requests nor long subscriptions as slow', async () => {
  await server.request('{ jobs(first: 1) { nodes { id } } }', {}, { 'x-request-id': 'quick-1' })
  const stop = new AbortController()
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-request-id': 'long-1' },
    body: JSON.stringify({ query: 'subscription Long { jobEvents { cursor } }' }),
    signal: stop.signal,
  })
  const reader = response.body?.getReader()
  await reader?.read()
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  stop.abort()
  await expect(reader?.closed).rejects.toThrow()
  await server.request('{ __typename }')
  expect(lines.filter(({ requestId, msg }) => requestId === 'long-1' && msg === 'slow request')).toEqual([])
  // On a loaded machine a quick request may be slow, and is logged then.
  const ofQuick = lines.filter(({ requestId }) => requestId === 'quick-1')
  for (const { durationMs } of ofQuick) expect(durationMs).toBeGreaterThanOrEqual(SLOW_MS)
})

it('logs a slow statement that looks up a key', async () => {
  const log = pino({ level: 'warn', base: null, timestamp: false }, sink)
  const environment = { AUTH: 'required', SLOW_THRESHOLD_MS: String(SLOW_MS) }
  const guarded = await startTestServer({ log, environment, databaseUrl: server.databaseUrl })
  const { key } = await createApiKey(server.ledger.prisma, { name: 'slow', roles: ['AUDITOR'] })
  await other.query('BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE')
  const answering = guarded.request('{ __typename }', {}, { ...bearer(key), 'x-request-id': 'slow-key' })
  await expect.poll(statementsWaiting).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  await other.query('ROLLBACK')
  expect((await answering).errors).toBeUndefined()
  const ofKey = () => lines.filter(({ requestId, msg }) => requestId === 'slow-key' && msg === 'slow statement')
  await expect.poll(ofKey).toMatchObject([{ statement: expect.stringContaining('api_keys') }])
  await guarded.close()
})

it('logs the slow statements of a subscription, and truncates its name to 200 characters', async () => {
  const { data } = await server.request('{ latestEventCursor }')
  await newJob(server.ledger)
  await other.query('BEGIN')
  await other.query('LOCK TABLE job_states IN ACCESS EXCLUSIVE MODE')
  const stop = new AbortController()
  const answering = fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-request-id': 'long-2' },
    body: JSON.stringify({
      query: `subscription ${'L'.repeat(300)}($after: String) { jobEvents(after: $after) { cursor } }`,
      variables: { after: data.latestEventCursor },
    }),
    signal: stop.signal,
  })
  const received = answering.then((response) => response.text()).catch(() => undefined)
  await expect.poll(statementsWaiting).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  await other.query('ROLLBACK')
  const name = `subscription ${'L'.repeat(200)}`
  await expect
    .poll(() => lines.filter(({ requestId }) => requestId === 'long-2'))
    .toContainEqual(expect.objectContaining({ msg: 'slow statement', operation: name }))
  stop.abort()
  await received
})

it('logs that the client of a slow request disconnected', async () => {
  const { id } = await newJob(server.ledger)
  await other.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE')
  const stop = new AbortController()
  const query = `mutation Left { transitionJob(input: { jobId: "${id}", to: PROCESSING }) { __typename } }`
  const answering = fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'left-1' },
    body: JSON.stringify({ query }),
    signal: stop.signal,
  })
  await expect.poll(statementsWaiting).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  stop.abort()
  await expect(answering).rejects.toThrow()
  const expectedLine = expect.objectContaining({ requestId: 'left-1', msg: 'slow request, client disconnected' })
  await expect.poll(() => lines).toContainEqual(expectedLine)
  expect(lines.find(({ msg }) => msg.includes('client disconnected'))).not.toHaveProperty('status')
  await other.query('ROLLBACK')
})
