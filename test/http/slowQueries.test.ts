// What the log says of requests that take long.
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
  await other.connect()
})

// Not asked by who holds the lock: a transaction sees what it saw of pg_stat_activity at first.
const statementsWaiting = async () => {
  const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  return (await server.database.pool.query(waiting)).rowCount
}

afterAll(async () => {
  await other.end()
  await server.close()
})

it('names the operation of a slow request and of its slow statements, how long they took, and no value', async () => {
  const { id } = await newJob(server.ledger)
  await other.query('BEGIN')
  await other.query('SELECT FROM jobs WHERE id = $1 FOR UPDATE', [id])
  const query = `mutation StartIt($id: ID!) {
    transitionJob(input: { jobId: $id, to: PROCESSING, reason: "hush" }) { __typename }
  }`
  const answering = server.request(query, { id }, { 'x-request-id': 'slow-1' })
  await expect.poll(statementsWaiting).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  await other.query('ROLLBACK')
  expect((await answering).data.transitionJob.__typename).toBe('TransitionJobSuccess')
  const told = () => lines.filter(({ requestId }) => requestId === 'slow-1')
  await expect.poll(told).toHaveLength(2)
  const common = { level: 40, requestId: 'slow-1', operation: 'mutation StartIt', actor: expect.any(String) }
  const durationMs = expect.any(Number)
  expect(told()).toEqual([
    {
      ...common,
      durationMs,
      statement: expect.stringMatching(/^WITH changed AS [^\n]*UPDATE jobs SET [^\n]+$/),
      msg: 'slow statement',
    },
    { ...common, durationMs, status: 200, msg: 'slow request' },
  ])
  for (const line of told()) expect(line.durationMs).toBeGreaterThanOrEqual(SLOW_MS)
  expect(JSON.stringify(told())).not.toMatch(new RegExp(`hush|${id}`))
})

it('says nothing of what is not slow, nor of a subscription, which lasts as long as its client likes', async () => {
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
  // On a loaded machine what is quick may take long, and is told then.
  const ofQuick = lines.filter(({ requestId }) => requestId === 'quick-1')
  for (const { durationMs } of ofQuick) expect(durationMs).toBeGreaterThanOrEqual(SLOW_MS)
})

it('names the statement that looks up a key, when that is slow', async () => {
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

it('tells of the slow statements of a subscription, by a name of no more than 200 characters', async () => {
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
  const told = answering.then((response) => response.text()).catch(() => undefined)
  await expect.poll(statementsWaiting).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS + 100))
  await other.query('ROLLBACK')
  const name = `subscription ${'L'.repeat(200)}`
  await expect
    .poll(() => lines.filter(({ requestId }) => requestId === 'long-2'))
    .toContainEqual(expect.objectContaining({ msg: 'slow statement', operation: name }))
  stop.abort()
  await told
})

it('says that the client of a slow request did not wait for it', async () => {
  const { id } = await newJob(server.ledger)
  await other.query('BEGIN')
  await other.query('SELECT FROM jobs WHERE id = $1 FOR UPDATE', [id])
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
  const isTold = expect.objectContaining({ requestId: 'left-1', msg: 'slow request, given up by the client' })
  await expect.poll(() => lines).toContainEqual(isTold)
  expect(lines.find(({ msg }) => msg.includes('given up'))).not.toHaveProperty('status')
  await other.query('ROLLBACK')
})
