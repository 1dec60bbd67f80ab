// The memory of a server after many different documents: it keeps no refused ones, and a limited
// amount of the others.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { held, REPORTER } from '../../bench/memory.ts'
import { type ServerProcess, startServerProcess } from '../../load/serverProcess.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const MEGABYTE = 1024 * 1024

let database: TestDatabase
let server: ServerProcess
let endpoint: string

beforeAll(async () => {
  database = await createTestDatabase()
  server = startServerProcess({
    databaseUrl: database.url,
    isBuilt: true,
    environment: {
      NODE_OPTIONS: `--import ${REPORTER}`,
      MAINTENANCE_INTERVAL_SECONDS: '0',
      ROLLUP_INTERVAL_SECONDS: '0',
    },
  })
  endpoint = await server.endpoint
}, 120_000)
afterAll(async () => {
  server.kill('SIGTERM')
  await server.ended
  await database.drop()
})

async function send(query: string, code: string | undefined): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] }
  expect(errors?.[0]?.extensions.code).toBe(code)
}

/** The growth of the heap after `count` different documents. */
async function growth(documentOf: (n: number) => string, count: number, code?: string): Promise<number> {
  for (let n = 0; n < 50; n += 1) await send(documentOf(-n), code)
  const before = (await held(server)).heapUsed
  for (let n = 1; n <= count; n += 1) await send(documentOf(n), code)
  return ((await held(server)).heapUsed - before) / MEGABYTE
}

const nameOf = (n: number): string => `d${n < 0 ? `m${-n}` : n}`

it.each([
  ['aliases', (n: number) => `query ${nameOf(n)} { ${'a: __typename '.repeat(660)} }`],
  ['unknown fields', (n: number) => `query ${nameOf(n)} { jobs { nodes { ${'id '.repeat(40)} ${nameOf(n)} } } }`],
  ['syntax', (n: number) => `query ${nameOf(n)} { ${'__typename '.repeat(1900)}`],
  [
    'cost',
    (n: number) =>
      `query ${nameOf(n)} { ${'jobs(first: 100) { nodes { stateHistory(first: 100) { nodes { job { stateHistory(first: 100) { nodes { id } } } } } } } '} }`,
  ],
])(
  'keeps nothing of 200 documents that are refused for %s',
  async (_, documentOf) => {
    expect(await growth(documentOf, 200, 'BAD_USER_INPUT')).toBeLessThan(12)
  },
  300_000,
)

it('keeps at most 32 MiB of documents that ran, by their real size in memory', async () => {
  // Arguments are tokens that neither aliases nor fields are counted by.
  const list = 'PENDING '.repeat(95)
  const documentOf = (n: number): string =>
    `query ${nameOf(n)} { ${Array.from({ length: 18 }, (_, at) => `a${at}: jobCount(filter: { states: [${list}] })`).join(' ')} }`
  const grown = await growth(documentOf, 150)
  expect(grown).toBeLessThan(60)
}, 300_000)
