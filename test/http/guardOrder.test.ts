// The order in which a request meets the guards. A request that all of them refuse is repaired step
// by step, and each time the next guard refuses it.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { RawConnection, type RawRequest } from '../support/rawHttp.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CREATE = 'createJob(input: { content: "x" }) { __typename }'
const LIMITS = { LIMIT_BODY_BYTES: '20000', LIMIT_DOCUMENT_ALIASES: '2' }

let production: TestServer
let development: TestServer
beforeAll(async () => {
  production = await startTestServer({ environment: { ...PROTECTED, ...LIMITS, NODE_ENV: 'production' } })
  development = await startTestServer({ databaseUrl: production.databaseUrl, environment: LIMITS })
})
afterAll(async () => {
  await development.close()
  await production.close()
})

/** Sends the request after each repair. Returns the status and the message of each response. */
async function refusals(server: TestServer, first: RawRequest, repairs: readonly RawRequest[]): Promise<string[]> {
  let request = first
  const received: string[] = []
  for (const repair of [{}, ...repairs]) {
    const kept = (request.headers ?? []).filter(([name]) => !repair.headers?.some(([repaired]) => repaired === name))
    request = { ...request, ...repair, headers: [...kept, ...(repair.headers ?? [])] }
    const connection = await RawConnection.open(server.url)
    connection.send(request)
    const { status, body } = await connection.answer()
    connection.cut()
    received.push(`${status.slice(9, 12)} ${JSON.parse(body).errors?.[0]?.message ?? body}`)
  }
  return received
}

it('is host or CSRF, caller, media types, method, body, parameters, document, variables and cost', async () => {
  const wrong: RawRequest = {
    method: 'PUT',
    headers: [
      ['accept', 'image/png'],
      ['content-type', 'text/plain'],
      ['content-encoding', 'gzip'],
    ],
    body: 'x'.repeat(20_001),
  }
  const { authorization } = await asUser('ada', 'ADMIN')
  const body = (given: object): RawRequest => ({ body: JSON.stringify(given) })
  const document = (query: string, more: object = {}): RawRequest => body({ query, ...more })
  const steps: [repair: RawRequest, next: RegExp][] = [
    [{ headers: [['graphql-require-preflight', '1']] }, /^401 /],
    [{ headers: [['authorization', authorization]] }, /^406 The header Accept must allow/],
    [{ headers: [['accept', 'application/graphql-response+json']] }, /^405 GraphQL only supports GET and POST/],
    [{ method: 'POST' }, /^415 The body must be JSON/],
    [{ headers: [['content-type', 'application/json']] }, /^415 Compressed bodies are not supported/],
    [{ headers: [['content-encoding', 'identity']] }, /^413 The request body must be at most 20000 bytes/],
    [{ body: Buffer.from([0xff]) }, /^400 The body must be valid UTF-8/],
    [{ body: '{' }, /^400 The body is not valid JSON/],
    [body({ id: 7 }), /^400 "id" is not a request parameter/],
    [document('{ a', { variables: [] }), /^400 `variables` must be an object/],
    [document('{ a', { operationName: 'B' }), /^400 Syntax Error/],
    [document(`query A { ${'a: b '.repeat(3)} }`, { operationName: 'B' }), /^400 Could not determine what operation/],
    [document(`query A { ${'a: b '.repeat(3)} }`), /^400 The document has 3 aliases/],
    [document('query A($n: Int) { b }', { variables: { n: 'x' } }), /^400 Cannot query field "b"/],
    [
      document('query A($n: Int) { jobs(first: $n) { nodes { id } } }', { variables: { n: 'x' } }),
      /^400 Variable "\$n" got invalid value "x"/,
    ],
    [document('{ __typename }'), /^200 /],
  ]
  const received = await refusals(
    production,
    wrong,
    steps.map(([repair]) => repair),
  )
  expect(received).toEqual([/^403 /, ...steps.map(([, next]) => next)].map((next) => expect.stringMatching(next)))

  const [byName, next] = await refusals(development, { ...wrong, headers: [['host', 'evil.example']] }, [
    { headers: [['host', 'localhost']] },
  ])
  expect([byName, next]).toEqual([expect.stringMatching(/^421 /), expect.stringMatching(/^405 /)])
})

it('also applies to documents in the cache: a mutation that ran by POST is refused by GET', async () => {
  const query = `mutation Twice { ${CREATE} }`
  expect((await development.request(query)).data.createJob.__typename).toBe('CreateJobSuccess')
  const response = await fetch(`${development.url}/graphql?${new URLSearchParams({ query })}`)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

it('also applies to documents in the cache: each operation is chosen by name, and its cost by its variables', async () => {
  const query = `
    query Page($first: Int) { jobs(first: $first) { nodes { stateHistory(first: $first) { nodes {
      job { stateHistory(first: $first) { nodes { id } } } } } } } }
    query Type { __typename }`
  const send = (operationName: string | undefined, first = 1) =>
    fetch(`${development.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName, variables: { first } }),
    }).then((response) => response.text())
  for (let times = 0; times < 2; times += 1) {
    expect(await send('Type')).toBe('{"data":{"__typename":"Query"}}')
    expect(await send('Page')).toContain('"data":{"jobs"')
    expect(await send('Page', 100)).toContain('The operation could touch')
    expect(await send('Other')).toContain('Could not determine what operation to execute.')
    expect(await send(undefined)).toContain('Could not determine what operation to execute.')
  }
})
