// More large responses at once than fit into memory: they wait for each other instead of being
// refused.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

const MEBIBYTE = 1024 * 1024

let server: TestServer
beforeAll(async () => {
  // One answer of 5 MiB takes 25 of it.
  const environment = {
    ...PROTECTED,
    LIMIT_MEMORY_BYTES: String(40 * MEBIBYTE),
    REQUEST_TIMEOUT_MS: '110000',
    DATABASE_CONNECT_TIMEOUT_MS: '110000',
  }
  server = await startTestServer({ environment })
  await onServer(server.databaseUrl, (client) =>
    client.query(`INSERT INTO jobs (user_id, content) SELECT 'u', repeat('x', 1048576) FROM generate_series(1, 5)`),
  )
})
afterAll(() => server.close())

const LARGE = '{ jobs(first: 5) { nodes { content state records: stateHistory(first: 1) { nodes { newState } } } } }'

it('answers 12 concurrent large queries of 6 callers completely', async () => {
  const callers = await Promise.all(Array.from({ length: 6 }, (_, n) => asUser(`caller${n}`, 'ADMIN')))
  const answers = await Promise.all([...callers, ...callers].map((caller) => server.request(LARGE, {}, caller)))
  for (const { data, errors } of answers) {
    expect(errors).toBeUndefined()
    for (const { content, state, records } of data.jobs.nodes) {
      expect([content.length, state, records.nodes]).toEqual([MEBIBYTE, 'PENDING', [{ newState: 'PENDING' }]])
    }
  }
}, 120_000)

it('answers a small query while large ones wait', async () => {
  const ada = await asUser('ada', 'ADMIN')
  let answered = 0
  const large = Array.from({ length: 8 }, () => server.request(LARGE, {}, ada).then(() => (answered += 1)))
  const { errors } = await server.request('{ jobs(first: 1) { nodes { id } } }', {}, await asUser('brandt', 'ADMIN'))
  expect(errors).toBeUndefined()
  expect(answered).toBeLessThan(8)
  await Promise.all(large)
}, 120_000)
