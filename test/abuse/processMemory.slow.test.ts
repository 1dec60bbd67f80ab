// A server with half a gigabyte of heap keeps answering whatever callers send, sequentially or at
// once.
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ServerProcess, startServerProcess } from '../../load/serverProcess.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { onServer } from '../support/testRun.ts'

const MEBIBYTE = 1024 * 1024
const CALLERS = ['ada', 'brandt', 'celan'] as const

let database: TestDatabase
let server: ServerProcess
let endpoint: string
let credentials: { authorization: string }[]

beforeAll(async () => {
  database = await createTestDatabase()
  await onServer(database.url, (client) => client.query(JOBS))
  server = startServerProcess({
    databaseUrl: database.url,
    isBuilt: true,
    environment: {
      ...PROTECTED,
      AUTH: '',
      NODE_ENV: 'development',
      NODE_OPTIONS: '--max-old-space-size=512',
      MAINTENANCE_INTERVAL_SECONDS: '0',
      ROLLUP_INTERVAL_SECONDS: '0',
    },
  })
  // That people may ask about the schema is said to people, not as JSON.
  endpoint = await new Promise((resolve, reject) => {
    server.lines.on('line', (line) => {
      const url = /listens on (http\S+)/.exec(line)?.[1]
      if (url) resolve(url)
    })
    void server.ended.then(({ errors }) => reject(new Error(errors)))
  })
}, 120_000)
beforeEach(async () => {
  credentials = await Promise.all(CALLERS.map((name) => asUser(name, 'ADMIN')))
})
afterAll(async () => {
  server.kill('SIGTERM')
  await server.ended
  await database.drop()
})

/**
 * Jobs with a content of 900 KB, some of control characters that JSON writes six times as long, and
 * 500 small jobs with a history.
 */
const JOBS = `
  INSERT INTO jobs (user_id, content) SELECT 'large', repeat('x', 900000) FROM generate_series(1, 30);
  INSERT INTO jobs (user_id, content) SELECT 'escaped', repeat(chr(1), 900000) FROM generate_series(1, 6);
  INSERT INTO jobs (user_id, content, max_attempts) SELECT 'small', 'c' || n, 1000 FROM generate_series(1, 500) AS n;
  DO $$ BEGIN
    FOR times IN 1..15 LOOP
      UPDATE jobs SET state = 'PROCESSING', version = version + 1 WHERE user_id = 'small';
      UPDATE jobs SET state = 'PENDING', version = version + 1 WHERE user_id = 'small';
    END LOOP;
  END $$`

async function send(body: string, caller: number, encoding: 'plain' | 'chunked' = 'plain'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...credentials[caller] }
  const chunked = encoding === 'chunked' && { body: new Blob([body]).stream(), duplex: 'half' }
  const response = await fetch(endpoint, { method: 'POST', headers, body, ...chunked } as RequestInit)
  // On a very busy machine, Node itself aborts what it could not read in time.
  if (response.status === 408) return { status: 408, code: 'TIMEOUT', retryAfter: null }
  // Who takes longer than 5 s to read an answer may be cut off.
  const text = await response.text().catch(() => undefined)
  if (text === undefined) return { status: response.status, code: 'TIMEOUT', retryAfter: null }
  const { errors } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] }
  return {
    status: response.status,
    code: errors?.[0]?.extensions.code ?? 'none',
    retryAfter: response.headers.get('retry-after'),
  }
}

interface Answer {
  readonly status: number
  readonly code: string
  readonly retryAfter: string | null
}

/**
 * Sends the request `times` times as each caller, all at once. Every response must be one that a
 * client understands.
 */
async function flood(body: string, times: number, encoding?: 'plain' | 'chunked'): Promise<Map<string, number>> {
  const codes = new Map<string, number>()
  const one = async (caller: number): Promise<void> => {
    const { status, code, retryAfter } = await send(body, caller, encoding)
    if (code === 'UNAVAILABLE') expect([status, retryAfter]).toEqual([503, '1'])
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  await Promise.all(CALLERS.flatMap((_, caller) => Array.from({ length: times }, () => one(caller))))
  expect((await send(JSON.stringify({ query: '{ viewer { actor } }' }), 0)).code).toBe('none')
  return codes
}

const query = (text: string, variables: object = {}): string => JSON.stringify({ query: text, variables })
const known = ['none', 'UNAVAILABLE', 'BAD_USER_INPUT', 'TIMEOUT']
const only = (codes: Map<string, number>): void => expect(known).toEqual(expect.arrayContaining([...codes.keys()]))

const LARGE = 'jobs(first: 30, filter: { userId: "large" }) { nodes { content } }'

it.each([
  ['large answers', query(`{ ${LARGE} }`), 8],
  [
    'responses with characters that JSON escapes',
    query('{ jobs(filter: { userId: "escaped" }) { nodes { content } } }'),
    8,
  ],
  [
    'large responses that repeat each string in many places',
    query(
      `{ jobs(first: 3, filter: { userId: "large" }) { nodes { ${Array.from({ length: 9 }, (_, n) => `c${n}: content`).join(' ')} } } }`,
    ),
    8,
  ],
  [
    'responses with as many nodes as allowed',
    query(
      '{ jobs(first: 100, filter: { userId: "small" }) { nodes { id stateHistory(first: 100) { nodes { id sequence newState actor timestamp metadata job { id userId state metadata } } } } } }',
    ),
    12,
  ],
  [
    'introspection queries',
    query(
      `{ ${Array.from({ length: 20 }, (_, n) => `s${n}: __schema { types { name fields { name type { name fields { name type { name } } } } } }`).join(' ')} }`,
    ),
    8,
  ],
])(
  'keeps answering after %s',
  async (_, body, times) => {
    only(await flood(body, times))
  },
  240_000,
)

it.each(['plain', 'chunked'] as const)(
  'keeps answering after large bodies, %s',
  async (encoding) => {
    const values = Array.from({ length: 29_000 }, (_, n) => ({ [`k${n % 7}`]: n }))
    const filler = 'x'.repeat(2.4 * MEBIBYTE)
    only(await flood(query('query ($a: JSON) { __typename }', { a: values, filler }), 15, encoding))
  },
  240_000,
)

it('keeps answering after large batches', async () => {
  const inputs = Array.from({ length: 1000 }, (_, n) => ({ content: 'x'.repeat(3500), metadata: { n } }))
  const batch =
    'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename ... on CreateJobSuccess { job { id content metadata } } } }'
  only(await flood(query(batch, { inputs }), 4))
}, 240_000)

/** Connections of one caller that request a large response and do not read it. */
async function openUnread(count: number): Promise<Socket[]> {
  const { hostname, port, pathname } = new URL(endpoint)
  const body = query(`{ ${LARGE} }`)
  const head = [
    `POST ${pathname} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `authorization: ${credentials[0]?.authorization}`,
  ]
  return Array.from({ length: count }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    return socket.pause()
  })
}

async function residentMebibytes(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

it('limits the memory of responses that clients do not read, and serves other callers', async () => {
  const sockets = await openUnread(40)
  let most = 0
  for (let request = 0; request < 40; request += 1) {
    expect((await send(query('{ jobs(first: 1, filter: { userId: "small" }) { nodes { id } } }'), 1)).code).toBe('none')
    most = Math.max(most, await residentMebibytes())
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  for (const socket of sockets) socket.destroy()
  expect(most).toBeLessThan(1100)
}, 240_000)
