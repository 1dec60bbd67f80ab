// The recorded responses to a corpus of requests, with their headers in order. Update them with
// `npx vitest run test/http/responses.test.ts -u`, and read the difference: clients see it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { type RawAnswer, RawConnection } from '../support/rawHttp.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { otherRequests } from './recordedPaths.ts'
import { LARGE_CONTENT, LIMITS, postRequests, type RecordedRequest } from './recordedRequests.ts'

const QUERY = '{"query":"{ jobs(first: 1, filter: { userId: \\"none\\" }) { nodes { id } } }"}'
const BROKEN = '{"query":'
const JSON_BODY = ['content-type', 'application/json'] as const

const MODES = {
  'in development': { ...LIMITS },
  'in production, open': { ...LIMITS, NODE_ENV: 'production', AUTH: 'open' },
  'in production, with credentials': { ...LIMITS, NODE_ENV: 'production', ...PROTECTED },
} as const

type Mode = keyof typeof MODES

let first: TestServer
let admin: { authorization: string }
const fixtures = { after: '', large: '' }
const opened: TestServer[] = []
const dir = mkdtempSync(join(tmpdir(), 'jobledger-responses-'))

/** A server on the shared database. */
async function open(environment: Readonly<Record<string, string>>, more: object = {}): Promise<TestServer> {
  const server = await startTestServer({ databaseUrl: first.databaseUrl, environment, ...more })
  opened.push(server)
  return server
}

beforeAll(async () => {
  first = await startTestServer()
  admin = await asUser('ada', 'ADMIN')
  const { data } = await first.request('{ latestEventCursor }')
  fixtures.after = data.latestEventCursor
  fixtures.large = (await newJob(first.ledger, { userId: 'ada', content: LARGE_CONTENT })).id
})

afterAll(async () => {
  await Promise.all(opened.map((server) => server.close()))
  await first.close()
  rmSync(dir, { recursive: true })
})

/** Without what differs between requests, and between versions of Node. */
function comparable({ status, headers, body }: RawAnswer): object {
  return {
    status: status.slice(9, 12),
    headers: headers.filter((line) => !/^(date|keep-alive):/i.test(line)).map(comparableText),
    // The number of pings on an idle stream depends on time.
    body: comparableText(body).replaceAll(/(:\n\n)+/g, ':\n\n'),
  }
}

function comparableText(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
    .replaceAll(/^(date|ratelimit):.*$/gim, '$1')
}

async function responsesTo(server: TestServer, { until, ...request }: RecordedRequest): Promise<object[]> {
  const connection = await RawConnection.open(server.url)
  connection.send(request)
  const responses: RawAnswer[] = []
  do responses.push(await connection.answer(until))
  while (responses.at(-1)?.status.includes(' 100 '))
  connection.cut()
  return responses.map(comparable)
}

const json = (body: string, headers: RecordedRequest['headers'] = []): RecordedRequest => ({
  name: 'JSON',
  headers: [JSON_BODY, ...headers],
  body,
})

function allRequests(given: { after: string; large: string }): RecordedRequest[] {
  const posts = postRequests(given).map((request) => ({ ...request, headers: [JSON_BODY, ...(request.headers ?? [])] }))
  return [...posts, ...otherRequests(given)]
}

describe.each(Object.keys(MODES) as Mode[])('%s, the recorded response is given', (mode) => {
  let server: TestServer
  beforeAll(async () => {
    server = await open(MODES[mode])
  })

  it.each(allRequests(fixtures).map(({ name }) => name))('to %s', async (name) => {
    const request = allRequests(fixtures).find((request) => request.name === name) as RecordedRequest
    const hasCredential = request.headers?.some(([header]) => header === 'authorization')
    const isAuthenticated = mode === 'in production, with credentials' && !hasCredential
    const credential = isAuthenticated ? [['authorization', admin.authorization] as const] : []
    const headers = [...credential, ...(request.headers ?? [])]
    expect(await responsesTo(server, { ...request, headers })).toMatchSnapshot()
  })

  it.each(['after each other', 'at once'])(
    'to requests on one connection, sent %s, also after an error',
    async (order) => {
      const bodies = [QUERY, BROKEN, QUERY, QUERY.padEnd(30_000), QUERY]
      const connection = await RawConnection.open(server.url)
      const answers: object[] = []
      const send = (body: string): void =>
        connection.send({ headers: [JSON_BODY, ['authorization', admin.authorization]], body })
      if (order === 'at once') for (const body of bodies) send(body)
      for (const body of bodies) {
        if (order !== 'at once') send(body)
        answers.push(comparable(await connection.answer()))
      }
      connection.cut()
      expect(answers).toMatchSnapshot()
    },
  )

  it.each([
    ['is longer than the body', String(QUERY.length + 10)],
    ['is negative', '-1'],
    ['is not a number', 'many'],
    ['is empty', ''],
  ])('to a request whose Content-Length %s', async (_, length) => {
    const connection = await RawConnection.open(server.url)
    const headers = [JSON_BODY, ['content-length', length], ['authorization', admin.authorization]] as const
    connection.send({ headers, body: QUERY })
    connection.end()
    expect(comparableText(await connection.rest())).toMatchSnapshot()
  })
})

describe('the recorded response is given', () => {
  it('by a server with trusted documents', async () => {
    const file = join(dir, 'trusted.json')
    writeFileSync(file, JSON.stringify({ count: 'query Count { viewer { userId } }' }))
    const server = await open({ TRUSTED_DOCUMENTS: file })
    const hash = (sha256Hash: unknown) => ({ extensions: { persistedQuery: { sha256Hash } } })
    const posts = [
      ...[{ documentId: 'count' }, { documentId: 'other' }, { documentId: 7 }, { documentId: 'count', more: 1 }],
      ...[
        { query: 'query Count { viewer { userId } }' },
        { query: '', documentId: 'count' },
        {},
        hash('count'),
        hash(7),
      ],
      ...[{ documentId: 'count', variables: 7 }, { extensions: 'x' }, { documentId: 'count', operationName: 'Other' }],
    ].map((body) => json(JSON.stringify(body)))
    const gets = ['documentId=count', 'documentId=', 'query={__typename}', 'documentId=count&query=', ''].map(
      (search): RecordedRequest => ({ name: search, method: 'GET', path: `/graphql?${search}` }),
    )
    const answers: object[] = []
    for (const request of [...posts, ...gets]) answers.push(...(await responsesTo(server, request)))
    expect(answers).toMatchSnapshot()
  })

  it('to a caller that exceeds the rate limit', async () => {
    const server = await open({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '1', AUTH: 'open' })
    await eventually(async () => {
      // A new token may become available in between. Then try again.
      await responsesTo(server, json(QUERY))
      const [refused] = (await responsesTo(server, json(QUERY))) as [{ status: string }]
      expect(refused.status).toBe('429')
      expect(refused).toMatchSnapshot('the refusal')
    })
  })

  it('when the database is unreachable', async () => {
    const nowhere = { databaseUrl: 'postgresql://u:secret@127.0.0.1:1/none' }
    const [unguarded, guarded] = [await open({}, nowhere), await open(PROTECTED, nowhere)]
    expect(await responsesTo(unguarded, json(QUERY))).toMatchSnapshot('of a query')
    const headers = [['authorization', `Bearer jl_${'x'.repeat(43)}`]] as const
    expect(await responsesTo(guarded, json(QUERY, headers))).toMatchSnapshot('of a credential')
  })

  it('when the caller lacks permission', async () => {
    const server = await open(PROTECTED)
    const body = JSON.stringify({ query: 'mutation { cleanupJobs(input: { olderThanDays: 1 }) { __typename } }' })
    const headers = [['authorization', (await asUser('bob')).authorization]] as const
    expect(await responsesTo(server, json(body, headers))).toMatchSnapshot()
  })
})

describe('while the database does not answer', () => {
  let other: pg.Client
  let watcher: pg.Client
  beforeAll(async () => {
    other = new pg.Client({ connectionString: first.databaseUrl })
    watcher = new pg.Client({ connectionString: first.databaseUrl })
    await Promise.all([other.connect(), watcher.connect()])
    return () => Promise.all([other.end(), watcher.end()])
  })

  /** Runs `work` while every statement on jobs waits. */
  async function locked(work: () => Promise<void>): Promise<void> {
    await other.query('BEGIN')
    await other.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
    await work().finally(() => other.query('ROLLBACK'))
  }

  async function waiting(): Promise<number> {
    const { rows } = await watcher.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'jobledger' AND wait_event_type = 'Lock'`,
    )
    return rows[0].n
  }

  it('a request that times out gets the recorded response', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    await locked(async () => {
      expect(await responsesTo(server, json(QUERY))).toMatchSnapshot()
    })
  })

  it('a request that arrives too slowly gets the recorded response', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    const connection = await RawConnection.open(server.url)
    connection.send(json(QUERY), 5)
    expect(comparableText(await connection.rest())).toMatchSnapshot()
  })

  it.each([
    ['is waiting', 0],
    ['has not sent the whole body', 5],
    ['has sent only the headers', QUERY.length],
  ])('the recorded lines are logged, and no statement waits, when a client disconnects that %s', async (_, missing) => {
    const lines: Record<string, unknown>[] = []
    const server = await open({}, { log: pino({ level: 'debug' }, linesTo(lines)) })
    await locked(async () => {
      const connection = await RawConnection.open(server.url)
      connection.send(json(QUERY), missing)
      if (missing === 0) await eventually(async () => expect(await waiting()).toBe(1))
      connection.cut()
      await eventually(() => expect(lines.map(({ msg }) => msg)).toContain('client disconnected'))
      await eventually(async () => expect(await waiting()).toBe(0))
    })
    // Everything is logged before this request is answered.
    await server.request('{ __typename }')
    expect(lines.map(({ level, msg, operation, status }) => ({ level, msg, operation, status }))).toMatchSnapshot()
  })
})

function linesTo(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
}
