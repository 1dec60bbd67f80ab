// Requests with a JSON body of known length take the fast path (src/http/jsonPost.ts). It must
// behave exactly like the standard path. Each request is sent on both paths, by two content types
// with the same meaning, and the responses must be equal byte by byte.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isJsonPost } from '../../src/http/jsonPost.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { type RawAnswer, RawConnection } from '../support/rawHttp.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { comparable, FAST, responsesTo, STANDARD, sameResponse, withoutIds } from './bothPaths.ts'
import { LARGE_CONTENT, LIMITS, type ParityRequest, parityRequests } from './jsonPostRequests.ts'

const QUERY = '{"query":"{ jobs(first: 1) { nodes { id } } }"}'
const BROKEN = '{"query":'

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
const dir = mkdtempSync(join(tmpdir(), 'jobledger-json-post-'))

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

const named = (name: string, body: object): ParityRequest => ({ name, body: JSON.stringify(body) })

it('takes the fast path for one content type and the standard path for the other', () => {
  const isFast = (type: string): boolean => {
    const headers = { 'content-type': type, 'content-length': '2' }
    return isJsonPost({ method: 'POST', url: '/graphql', headers } as unknown as IncomingMessage, '/graphql')
  }
  expect([isFast(FAST), isFast(STANDARD)]).toEqual([true, false])
})

describe.each(Object.keys(MODES) as Mode[])('both paths give the same response %s', (mode) => {
  let server: TestServer
  beforeAll(async () => {
    server = await open(MODES[mode])
  })

  it.each(parityRequests({ after: '', large: '' }).map(({ name }) => name))('to %s', async (name) => {
    const request = parityRequests(fixtures).find((request) => request.name === name) as ParityRequest
    const isProtected = mode === 'in production, with credentials'
    const hasCredential = request.headers?.some(([header]) => header === 'authorization')
    const credential = isProtected && !hasCredential ? [['authorization', admin.authorization] as const] : []
    await sameResponse(server, { ...request, headers: [...credential, ...(request.headers ?? [])] })
  })

  it('to consecutive requests on one connection, also after an error', async () => {
    const bodies = [QUERY, BROKEN, QUERY, QUERY.padEnd(30_000), QUERY]
    const inTurn = async (type: string, atOnce: boolean): Promise<RawAnswer[]> => {
      const connection = await RawConnection.open(server.url)
      const answers: RawAnswer[] = []
      const send = (body: string): void =>
        connection.send({
          headers: [
            ['content-type', type],
            ['authorization', admin.authorization],
          ],
          body,
        })
      if (atOnce) for (const body of bodies) send(body)
      for (const body of bodies) {
        if (!atOnce) send(body)
        answers.push(comparable(await connection.answer()))
      }
      connection.cut()
      return answers
    }
    for (const atOnce of [false, true]) {
      const fast = await inTurn(FAST, atOnce)
      expect(fast).toEqual(await inTurn(STANDARD, atOnce))
      expect(fast.map(({ status }) => status.slice(9, 12))).toEqual(['200', '400', '200', '413', '200'])
    }
  })

  it.each([
    ['is longer than the body', String(QUERY.length + 10)],
    ['is shorter than the body', String(QUERY.length - 10)],
    ['is negative', '-1'],
    ['is not a number', 'many'],
    ['is empty', ''],
  ])('to a request whose Content-Length %s', async (_, length) => {
    const all = async (type: string): Promise<string> => {
      const connection = await RawConnection.open(server.url)
      const headers = [
        ['content-type', type],
        ['content-length', length],
        ['authorization', admin.authorization],
      ] as const
      connection.send({ headers, body: QUERY })
      connection.end()
      return withoutIds(await connection.rest()).replaceAll(/^(date|ratelimit):.*$/gim, '$1')
    }
    expect(await all(FAST)).toEqual(await all(STANDARD))
  })
})

describe('both paths give the same response', () => {
  it('on a server with trusted documents', async () => {
    const file = join(dir, 'trusted.json')
    writeFileSync(file, JSON.stringify({ count: 'query Count { jobCount }' }))
    const server = await open({ TRUSTED_DOCUMENTS: file })
    const statuses: string[] = []
    for (const body of [{ documentId: 'count' }, { documentId: 'other' }, { query: 'query Count { jobCount }' }, {}]) {
      statuses.push((await sameResponse(server, named('a trusted document', body))).status.slice(9, 12))
    }
    expect(statuses).toEqual(['200', '403', '403', '403'])
  })

  it('to a caller that exceeds the rate limit', async () => {
    const server = await open({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '1', AUTH: 'open' })
    await eventually(async () => {
      // A new token may become available in between. Then try again.
      await responsesTo(server, FAST, { name: 'the one that is allowed', body: QUERY })
      const { status, headers } = await sameResponse(server, { name: 'the next', body: QUERY })
      expect(status).toMatch(/ 429 /)
      expect(headers).toContain('retry-after: 1')
    })
  })

  it('when the database is unreachable', async () => {
    const nowhere = { databaseUrl: 'postgresql://u:secret@127.0.0.1:1/none' }
    const [unguarded, guarded] = [await open({}, nowhere), await open(PROTECTED, nowhere)]
    expect((await sameResponse(unguarded, { name: 'a query', body: QUERY })).body).toMatch(/"UNAVAILABLE"/)
    const headers = [['authorization', `Bearer jl_${'x'.repeat(43)}`]] as const
    expect((await sameResponse(guarded, { name: 'a key', body: QUERY, headers })).status).toMatch(/ 503 /)
  })

  it('when the caller lacks permission', async () => {
    const server = await open(PROTECTED)
    const body = JSON.stringify({ query: 'mutation { cleanupJobs(input: { olderThanDays: 1 }) { __typename } }' })
    const headers = [['authorization', (await asUser('bob')).authorization]] as const
    expect((await sameResponse(server, { name: 'any', body, headers })).body).toMatch(/"FORBIDDEN"/)
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

  it('both paths give the same response to a request that times out', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    await locked(async () => {
      expect((await sameResponse(server, { name: 'any', body: QUERY })).status).toMatch(/ 503 /)
    })
  })

  it('both paths give the same response to a request that arrives too slowly', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    const all = async (type: string): Promise<string> => {
      const connection = await RawConnection.open(server.url)
      connection.send({ headers: [['content-type', type]], body: QUERY }, 5)
      return connection.rest()
    }
    const [fast, standard] = await Promise.all([all(FAST), all(STANDARD)])
    expect(fast).toMatch(/^HTTP\/1.1 408 /)
    expect(fast).toBe(standard)
  })

  it.each([
    ['is waiting', 0],
    ['has not sent the whole body', 5],
    ['has sent only the headers', QUERY.length],
  ])('both paths log the same and stop waiting when a client disconnects that %s', async (_, missing) => {
    const logOf = async (type: string): Promise<unknown[]> => {
      const lines: Record<string, unknown>[] = []
      const server = await open({}, { log: pino({ level: 'debug' }, linesTo(lines)) })
      await locked(async () => {
        const connection = await RawConnection.open(server.url)
        connection.send({ headers: [['content-type', type]], body: QUERY }, missing)
        if (missing === 0) await eventually(async () => expect(await waiting()).toBe(1))
        connection.cut()
        await eventually(() => expect(lines.map(({ msg }) => msg)).toContain('client disconnected'))
        await eventually(async () => expect(await waiting()).toBe(0))
      })
      // Everything is logged before this request is answered.
      await server.request('{ __typename }')
      return lines.map(({ level, msg, operation, status }) => ({ level, msg, operation, status }))
    }
    expect(await logOf(FAST)).toEqual(await logOf(STANDARD))
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
