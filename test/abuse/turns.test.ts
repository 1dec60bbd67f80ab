// Requests that take long to parse: the other requests of the same caller wait for them, those of
// other callers wait for at most one.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ThreadTurns } from '../../src/fairness/threadTurns.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { RawConnection } from '../support/rawHttp.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})
afterAll(() => server.close())

const EXPENSIVE = 50
const SMALL = '{ viewer { actor } }'
const numbers = Array.from({ length: 100_000 }, () => 1)

/**
 * Sends requests of one caller, each on its own connection, and waits until they have arrived
 * completely.
 */
async function pending(
  { authorization }: { readonly authorization: string },
  count: number,
  body: object,
): Promise<RawConnection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => RawConnection.open(server.url)))
  const headers = [
    ['content-type', 'application/json'],
    ['authorization', authorization],
  ] as const
  for (const connection of connections) connection.send({ headers, body: JSON.stringify(body) }, 1)
  return connections
}

it.each([
  ['large variables', { query: '{ __typename }', variables: { numbers } }],
  [
    'metadata that is too large',
    { query: 'query ($m: JSONObject) { jobCount(filter: { metadata: $m }) }', variables: { m: { numbers } } },
  ],
  [
    'documents of unknown fields',
    {
      query: `{ ${numbers
        .slice(0, 1500)
        .map((_, n) => `unknown${n}`)
        .join(' ')} }`,
    },
  ],
])(
  'answers a caller before all but a few of 50 requests with %s that another sent earlier',
  async (_, body) => {
    const as = (name: string) => asUser(name, 'ADMIN')
    const [ada, brandt, celan] = [await as('ada'), await as('brandt'), await as('celan')]
    const expensive = await pending(ada, EXPENSIVE, body)
    // Verifies the token in advance: another thread does that, which may be slow on a busy machine.
    await server.request(SMALL, {}, brandt)
    // It needs no database, which may be slow on a busy machine while the other requests continue.
    const [small] = await pending(brandt, 1, { query: SMALL })
    // The server runs in this process: when it answers this request, it has read all that arrived
    // before.
    for (let n = 0; n < 3; n += 1) await server.request('{ jobCount }', {}, celan)

    let answered = 0
    const answers = expensive.map(async (connection) => {
      connection.sendMissing()
      const { status } = await connection.answer()
      answered += 1
      return status
    })
    small?.sendMissing()
    expect((await small?.answer())?.body).toBe('{"data":{"viewer":{"actor":"user:brandt"}}}')
    expect(answered).toBeLessThan(10)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200 OK']))
    for (const connection of [...expensive, small]) connection?.cut()
  },
  60_000,
)

it('writes a long list in many turns, between which other callers have theirs', async () => {
  const metadata = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`name${n}`, n])))
  await onServer(server.databaseUrl, (client) =>
    client.query(
      `INSERT INTO jobs (user_id, content, metadata) SELECT 'long', 'x', $1::jsonb FROM generate_series(1, 50)`,
      [metadata],
    ),
  )
  const next = vi.spyOn(ThreadTurns.prototype, 'next')
  const query = '{ jobs(first: 50, filter: { userId: "long" }) { nodes { metadata } edges { node { content } } } }'
  const { data, errors } = await server.request(query, {}, await asUser('ada', 'ADMIN'))
  const turns = next.mock.calls.filter(([, kind]) => kind === 'rows').length
  next.mockRestore()
  expect(errors).toBeUndefined()
  expect(data.jobs.nodes).toHaveLength(50)
  expect(Object.keys(data.jobs.nodes[49].metadata)).toHaveLength(5000)
  expect(data.jobs.edges).toEqual(data.jobs.nodes.map(() => ({ node: { content: 'x' } })))
  // The first one begins when the rows have arrived.
  expect(turns).toBeGreaterThan(3)
})
