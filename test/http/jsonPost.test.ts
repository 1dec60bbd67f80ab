// Requests whose body is JSON of a known length take a short way through the server (src/http/jsonPost.ts). Nobody must be able to tell: each
// request is sent twice, once so that it takes the short way, once with a content type that means the same and goes the long way, and the
// answers are compared to the byte.
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
import { answersTo, comparable, LONG, SHORT, sameAnswer, withoutIds } from './bothWays.ts'
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
const places = { after: '', large: '' }
const opened: TestServer[] = []
const dir = mkdtempSync(join(tmpdir(), 'jobledger-json-post-'))

/** A server on the database of all. */
async function open(environment: Readonly<Record<string, string>>, more: object = {}): Promise<TestServer> {
  const server = await startTestServer({ databaseUrl: first.databaseUrl, environment, ...more })
  opened.push(server)
  return server
}

beforeAll(async () => {
  first = await startTestServer()
  admin = await asUser('ada', 'ADMIN')
  const { data } = await first.request('{ latestEventCursor }')
  places.after = data.latestEventCursor
  places.large = (await newJob(first.ledger, { userId: 'ada', content: LARGE_CONTENT })).id
})

afterAll(async () => {
  await Promise.all(opened.map((server) => server.close()))
  await first.close()
  rmSync(dir, { recursive: true })
})

const named = (name: string, body: object): ParityRequest => ({ name, body: JSON.stringify(body) })

it('takes the short way for one content type and the long way for the other', () => {
  const taken = (type: string): boolean => {
    const headers = { 'content-type': type, 'content-length': '2' }
    return isJsonPost({ method: 'POST', url: '/graphql', headers } as unknown as IncomingMessage, '/graphql')
  }
  expect([taken(SHORT), taken(LONG)]).toEqual([true, false])
})

describe.each(Object.keys(MODES) as Mode[])('the answer %s is the same', (mode) => {
  let server: TestServer
  beforeAll(async () => {
    server = await open(MODES[mode])
  })

  it.each(parityRequests({ after: '', large: '' }).map(({ name }) => name))('to %s', async (name) => {
    const request = parityRequests(places).find((one) => one.name === name) as ParityRequest
    const isProtected = mode === 'in production, with credentials'
    const brings = request.headers?.some(([header]) => header === 'authorization')
    const credential = isProtected && !brings ? [['authorization', admin.authorization] as const] : []
    await sameAnswer(server, { ...request, headers: [...credential, ...(request.headers ?? [])] })
  })

  it('to one request after another on a connection, also after a refusal', async () => {
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
      const short = await inTurn(SHORT, atOnce)
      expect(short).toEqual(await inTurn(LONG, atOnce))
      expect(short.map(({ status }) => status.slice(9, 12))).toEqual(['200', '400', '200', '413', '200'])
    }
  })

  it.each([
    ['is longer than the body', String(QUERY.length + 10)],
    ['is shorter than the body', String(QUERY.length - 10)],
    ['is negative', '-1'],
    ['is no number', 'many'],
    ['is empty', ''],
  ])('to a request whose length %s', async (_, length) => {
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
    expect(await all(SHORT)).toEqual(await all(LONG))
  })
})

describe('the answer is the same', () => {
  it('of a server with trusted documents', async () => {
    const file = join(dir, 'trusted.json')
    writeFileSync(file, JSON.stringify({ count: 'query Count { jobCount }' }))
    const server = await open({ TRUSTED_DOCUMENTS: file })
    const statuses: string[] = []
    for (const body of [{ documentId: 'count' }, { documentId: 'other' }, { query: 'query Count { jobCount }' }, {}]) {
      statuses.push((await sameAnswer(server, named('a trusted document', body))).status.slice(9, 12))
    }
    expect(statuses).toEqual(['200', '403', '403', '403'])
  })

  it('to one who asks too often', async () => {
    const server = await open({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '1', AUTH: 'open' })
    await eventually(async () => {
      // A token may come in between: then again.
      await answersTo(server, SHORT, { name: 'the one that is allowed', body: QUERY })
      const { status, headers } = await sameAnswer(server, { name: 'the next', body: QUERY })
      expect(status).toMatch(/ 429 /)
      expect(headers).toContain('retry-after: 1')
    })
  })

  it('where the database cannot be reached', async () => {
    const nowhere = { databaseUrl: 'postgresql://u:secret@127.0.0.1:1/none' }
    const [unguarded, guarded] = [await open({}, nowhere), await open(PROTECTED, nowhere)]
    expect((await sameAnswer(unguarded, { name: 'a query', body: QUERY })).body).toMatch(/"UNAVAILABLE"/)
    const headers = [['authorization', `Bearer jl_${'x'.repeat(43)}`]] as const
    expect((await sameAnswer(guarded, { name: 'a key', body: QUERY, headers })).status).toMatch(/ 503 /)
  })

  it('where the caller may not do what it asks for', async () => {
    const server = await open(PROTECTED)
    const body = JSON.stringify({ query: 'mutation { cleanupJobs(input: { olderThanDays: 1 }) { __typename } }' })
    const headers = [['authorization', (await asUser('bob')).authorization]] as const
    expect((await sameAnswer(server, { name: 'any', body, headers })).body).toMatch(/"FORBIDDEN"/)
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

  it('the answer is the same: the time is over', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    await locked(async () => {
      expect((await sameAnswer(server, { name: 'any', body: QUERY })).status).toMatch(/ 503 /)
    })
  })

  it('the answer is the same: not all of the request comes in time', async () => {
    const server = await open({ REQUEST_TIMEOUT_MS: '700' })
    const all = async (type: string): Promise<string> => {
      const connection = await RawConnection.open(server.url)
      connection.send({ headers: [['content-type', type]], body: QUERY }, 5)
      return connection.rest()
    }
    const [short, long] = await Promise.all([all(SHORT), all(LONG)])
    expect(short).toMatch(/^HTTP\/1.1 408 /)
    expect(short).toBe(long)
  })

  it.each([
    ['waits', 0],
    ['has not sent all', 5],
    ['has sent no more than headers', QUERY.length],
  ])('a client goes that %s: the log says the same, and nothing waits on', async (_, missing) => {
    const told = async (type: string): Promise<unknown[]> => {
      const lines: Record<string, unknown>[] = []
      const server = await open({}, { log: pino({ level: 'debug' }, linesTo(lines)) })
      await locked(async () => {
        const connection = await RawConnection.open(server.url)
        connection.send({ headers: [['content-type', type]], body: QUERY }, missing)
        if (missing === 0) await eventually(async () => expect(await waiting()).toBe(1))
        connection.cut()
        await eventually(() => expect(lines.map(({ msg }) => msg)).toContain('request given up by the client'))
        await eventually(async () => expect(await waiting()).toBe(0))
      })
      // What is still to be said, it says before this is answered.
      await server.request('{ __typename }')
      return lines.map(({ level, msg, operation, status }) => ({ level, msg, operation, status }))
    }
    expect(await told(SHORT)).toEqual(await told(LONG))
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
