// The headers Accept and Content-Type in the forms that clients send (RFC 9110, sections 8.3.1,
// 12.4.2 and 12.5.1).
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const QUERY = '{"query":"{ __typename }"}'
const FOLLOW = '{"query":"subscription { jobEvents { cursor } }"}'
const CREATE = '{"query":"mutation { createJob(input: { content: \\"x\\" }) { __typename } }"}'

/** Status and type of the response. The body is not read. */
async function answered(body: string, headers: Record<string, string>): Promise<string> {
  const stop = new AbortController()
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
  const response = await fetch(`${server.url}/graphql`, { ...init, signal: stop.signal })
  stop.abort()
  return `${response.status} ${response.headers.get('content-type')?.split(';')[0]}`
}

const JSON_ANSWER = '200 application/json'
const SPEC_ANSWER = '200 application/graphql-response+json'
const EVENTS = '200 text/event-stream'
const REFUSED = '406 application/json'

describe.each(['application/json', 'application/graphql+json'])('the response to %s', (type) => {
  it.each([
    ['', JSON_ANSWER, EVENTS],
    ['*/*', JSON_ANSWER, EVENTS],
    ['application/json', JSON_ANSWER, REFUSED],
    ['APPLICATION/Json', JSON_ANSWER, REFUSED],
    ['Text/Event-Stream', EVENTS, EVENTS],
    ['text/*', EVENTS, EVENTS],
    ['application/*', JSON_ANSWER, REFUSED],
    ['application/json; charset=utf-8', JSON_ANSWER, REFUSED],
    ['application/json;charset="UTF-8"', JSON_ANSWER, REFUSED],
    ['application/json; charset=latin1', REFUSED, REFUSED],
    ['text/event-stream;q=0', REFUSED, REFUSED],
    ['text/event-stream; Q=0.000', REFUSED, REFUSED],
    ['*/*;q=0', REFUSED, REFUSED],
    ['text/event-stream;q=0, */*', JSON_ANSWER, REFUSED],
    ['*/*, text/event-stream; q=0.0', JSON_ANSWER, REFUSED],
    ['application/json;q=0, */*', SPEC_ANSWER, EVENTS],
    ['*/*;q=0, text/event-stream;q=0.1', EVENTS, EVENTS],
    ['application/*;q=0.1, application/json;q=0', SPEC_ANSWER, REFUSED],
    ['application/json;q=0.5, application/graphql-response+json', SPEC_ANSWER, REFUSED],
    ['application/graphql-response+json;q=0.9,application/json', JSON_ANSWER, REFUSED],
    ['application/graphql-response+json, application/json', SPEC_ANSWER, REFUSED],
    [' application/json ;q=0.2 ,, text/html', JSON_ANSWER, REFUSED],
    ['text/html, */*;q=0.1', JSON_ANSWER, EVENTS],
    ['text/event-stream, application/json;q=0.5', JSON_ANSWER, EVENTS],
    ['text/plain;a=",application/json,"', REFUSED, REFUSED],
    ['json', REFUSED, REFUSED],
  ])('with Accept "%s" is %s, and a stream is %s', async (accept, query, stream) => {
    expect(await answered(QUERY, { 'content-type': type, accept })).toBe(query)
    expect(await answered(FOLLOW, { 'content-type': type, accept })).toBe(stream)
  })
})

it.each(['application/json;q=0', '*/*;q=0', 'text/html'])(
  'runs no mutation for a client that accepts %s',
  async (accept) => {
    const before = await server.ledger.prisma.job.count()
    expect(await answered(CREATE, { accept })).toBe(REFUSED)
    expect(await server.ledger.prisma.job.count()).toBe(before)
  },
)

it.each([
  ['APPLICATION/JSON', JSON_ANSWER],
  ['Application/Json; Charset=UTF-8', JSON_ANSWER],
  ['application/json ; charset="utf-8"', JSON_ANSWER],
  ['application/json;', JSON_ANSWER],
  ['Application/GraphQL+JSON', JSON_ANSWER],
  ['application/json; charset=utf-16', '415 application/json'],
  ['application/jsonp', '415 application/json'],
  ['TEXT/PLAIN', '415 application/json'],
  ['application/json, text/plain', '415 application/json'],
])('answers a body of the type "%s" with %s', async (type, answer) => {
  expect(await answered(QUERY, { 'content-type': type })).toBe(answer)
})

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['TEXT/HTML', 'text/html'],
  ['application/json, text/html;q=0.9', 'application/json'],
  ['text/html;q=0, */*', 'application/json'],
  ['*/*', 'application/json'],
])('serves GraphiQL to clients that prefer a page: Accept %s gets %s', async (accept, type) => {
  const { headers } = await fetch(`${server.url}/graphql?query={__typename}`, { headers: { accept } })
  expect(headers.get('content-type')?.split(';')[0]).toBe(type)
})

describe('a body', () => {
  it.each([
    ['gzip', '415 application/json'],
    ['identity', JSON_ANSWER],
    ['', JSON_ANSWER],
  ])('with the header Content-Encoding: %s is answered %s', async (encoding, expected) => {
    expect(await answered(QUERY, { accept: 'application/json', 'content-encoding': encoding })).toBe(expected)
  })
})
