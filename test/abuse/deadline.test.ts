// Requests that take too long, and responses that no client waits for: they are aborted, in
// PostgreSQL too.
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const TIMEOUT_MS = 700

let patient: TestServer
let hasty: TestServer
let other: pg.Client
let watcher: pg.Client
const warnings: string[] = []
const onWarning = ({ message }: Error): void => void warnings.push(message)

beforeAll(async () => {
  process.on('warning', onWarning)
  patient = await startTestServer({ environment: { DATABASE_POOL_MAX: '6' } })
  const environment = { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS), DATABASE_POOL_MAX: '3' }
  hasty = await startTestServer({ environment, databaseUrl: patient.databaseUrl })
  other = new pg.Client({ connectionString: patient.databaseUrl })
  // What PostgreSQL shows of other sessions stays the same within a transaction: it is asked
  // outside of the one with the lock.
  watcher = new pg.Client({ connectionString: patient.databaseUrl })
  await Promise.all([other.connect(), watcher.connect()])
})

afterEach(() => other.query('ROLLBACK'))

afterAll(async () => {
  process.off('warning', onWarning)
  await Promise.all([other.end(), watcher.end()])
  await hasty.close()
  await patient.close()
})

const QUERY = '{ jobs(first: 1) { nodes { id } } }'
const START = 'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) { __typename } }'

async function lockJobs(): Promise<void> {
  await other.query('BEGIN')
  await other.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
}

/** Statements of the servers that wait for the lock of the test. */
async function waiting(): Promise<number> {
  const { rows } = await watcher.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'jobledger' AND wait_event_type = 'Lock'`,
  )
  return rows[0].n
}

/** Sends a request, aborts it once its statement waits, and returns when the client has noticed. */
async function abandon(query: string, variables: object = {}): Promise<void> {
  const client = new AbortController()
  const request = fetch(`${patient.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: client.signal,
  }).catch((error: Error) => error.name)
  await eventually(async () => expect(await waiting()).toBe(1))
  client.abort()
  expect(await request).toBe('AbortError')
}

describe('a request that exceeds its deadline', () => {
  const late = {
    status: 503,
    errors: [
      {
        message: `The request took longer than ${TIMEOUT_MS} ms and was cancelled. Request less data at once, or retry later.`,
        extensions: { code: 'TIMEOUT' },
      },
    ],
  }

  it('gets TIMEOUT, and its query is cancelled', async () => {
    await lockJobs()
    expect(await hasty.request(QUERY)).toMatchObject(late)
    expect(await waiting()).toBe(0)
    await other.query('ROLLBACK')
    expect((await hasty.request(QUERY)).errors).toBeUndefined()
    // Such as that of Client.cancel of pg 8.23.
    expect(warnings).toEqual([])
  })

  it('gets TIMEOUT, and its mutation writes nothing', async () => {
    const { id } = await newJob(patient.ledger)
    await lockJobs()
    expect(await hasty.request(START, { id })).toMatchObject(late)
    expect(await waiting()).toBe(0)
    await other.query('ROLLBACK')
    expect(await historyOf(other, id)).toHaveLength(1)
    expect((await hasty.request(START, { id })).data.transitionJob.__typename).toBe('TransitionJobSuccess')
  })

  it('does not block other requests, however often it is sent', async () => {
    await lockJobs()
    const answers = await Promise.all(Array.from({ length: 12 }, () => hasty.request(QUERY)))
    for (const answer of answers) expect(answer).toMatchObject(late)
    await other.query('ROLLBACK')
    expect((await hasty.request(QUERY)).errors).toBeUndefined()
  })
})

describe('an operation of many statements at once', () => {
  it('causes no warnings in the server', async () => {
    const environment = {
      DATABASE_POOL_MAX: '30',
      LIMIT_CALLER_STATEMENTS: '15',
      LIMIT_REQUEST_STATEMENTS: '15',
    }
    const server = await startTestServer({ databaseUrl: patient.databaseUrl, environment })
    await lockJobs()
    const counts = Array.from({ length: 15 }, (_, n) => `c${n}: jobCount(filter: { userId: "user-${n}" })`)
    const answer = server.request(`{ ${counts.join(' ')} }`)
    await eventually(async () => expect(await waiting()).toBe(15))
    await other.query('ROLLBACK')
    expect((await answer).errors).toBeUndefined()
    expect(warnings).toEqual([])
    await server.close()
  })
})

describe('a client that disconnects', () => {
  it('cancels its query', async () => {
    await lockJobs()
    await abandon(QUERY)
    await eventually(async () => expect(await waiting()).toBe(0))
  })

  it('does not cancel statements of others', async () => {
    await lockJobs()
    await abandon(QUERY)
    const others = Array.from({ length: 3 }, () => patient.request(QUERY))
    await eventually(async () => expect(await waiting()).toBe(3))
    await other.query('ROLLBACK')
    for (const answer of await Promise.all(others)) expect(answer.errors).toBeUndefined()
  })

  it('does not stop its mutation', async () => {
    const { id } = await newJob(patient.ledger)
    await lockJobs()
    await abandon(START, { id })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await waiting()).toBe(1)
    await other.query('ROLLBACK')
    await eventually(async () => expect(await historyOf(other, id)).toHaveLength(2))
  })
})

describe('a client that sends slowly', () => {
  /**
   * The response to an incomplete request; empty if the server closes the connection without one.
   */
  function answerTo(start: string): Promise<string> {
    const { port } = new URL(hasty.url)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('close', () => resolve(text)).on('error', reject)
      socket.write(start)
    })
  }

  const BODY =
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"query":'

  it.each([
    ['its body', BODY],
    ['its headers', 'POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: '],
  ])('%s is disconnected, and others are served meanwhile', async (_, start) => {
    const cut = Promise.all(Array.from({ length: 20 }, () => answerTo(start)))
    expect((await hasty.request(QUERY)).errors).toBeUndefined()
    for (const answer of await cut) expect(answer).toMatch(/^HTTP\/1.1 (408|503) /)
    expect((await hasty.request(QUERY)).errors).toBeUndefined()
  })
})
