// Requests that fail before a stream opens: clients of server-sent events get what JSON clients
// get.
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const FILTERED = 'subscription ($filter: JobStateRecordFilter!) { jobEvents(filter: $filter) { cursor } }'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({
    environment: { AUTH: 'required', ...PROTECTED, LIMIT_SUBSCRIPTIONS_PER_CALLER: '0', LIMIT_DOCUMENT_COST: '100' },
  })
})

afterAll(() => server.close())

interface Failure {
  readonly status: number
  readonly errors: { readonly message: string; readonly extensions: { readonly code: string } }[]
}

async function failureOf(accept: string, request: object, headers: Record<string, string>): Promise<Failure> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify(request),
  })
  const text = await response.text()
  if (accept !== 'text/event-stream') return { status: response.status, ...JSON.parse(text) }
  expect(response.headers.get('content-type')).toBe(accept)
  const [, result] = /^event: next\ndata: (.*)\n\nevent: complete\ndata:\n\n$/.exec(text) ?? []
  expect(result, text).toBeDefined()
  return { status: response.status, ...JSON.parse(result as string) }
}

const auditor = () => asUser('ada', 'AUDITOR')

interface FailingRequest {
  readonly request: object
  readonly headers?: () => Promise<Record<string, string>>
  readonly status: number
  readonly code: string
}

const refusedInput = (request: object): FailingRequest => ({ request, status: 200, code: 'BAD_USER_INPUT' })
const EVENTS = { query: 'subscription { jobEvents { cursor } }' }

const FAILING: Record<string, FailingRequest> = {
  'a missing variable': refusedInput({ query: FILTERED }),
  'a bad variable': refusedInput({ query: FILTERED, variables: { filter: { actor: 1 } } }),
  'a bad value': refusedInput({ query: FILTERED, variables: { filter: { userId: '' } } }),
  'an unknown field': refusedInput({ query: 'subscription { nothing }' }),
  'a syntax error': refusedInput({ query: 'subscription {' }),
  'an unknown operation': refusedInput({ query: FILTERED, operationName: 'x' }),
  'a missing variable of a query': refusedInput({ query: 'query ($id: ID!) { job(id: $id) { id } }' }),
  'no query': { request: {}, status: 400, code: 'BAD_USER_INPUT' },
  'no role': { request: EVENTS, headers: () => asUser('ada'), status: 200, code: 'FORBIDDEN' },
  'no credential': { request: EVENTS, headers: async () => ({}), status: 401, code: 'UNAUTHENTICATED' },
  'too many subscriptions': { request: EVENTS, status: 429, code: 'RATE_LIMITED' },
}

describe('a request that fails', () => {
  it.each(Object.keys(FAILING))('fails for %s in the same way over JSON and over server-sent events', async (kind) => {
    const { request, headers = auditor, status, code } = FAILING[kind] as FailingRequest
    const json = await failureOf('application/json', request, await headers())
    expect(json).toMatchObject({ status, errors: [{ extensions: { code } }] })
    expect(await failureOf('text/event-stream', request, await headers())).toEqual(json)
  })
})

describe('graphql-sse', () => {
  async function results(
    request: { query: string; variables?: Record<string, unknown> },
    headers: Record<string, string>,
  ) {
    let connections = 0
    const client = createClient({
      url: `${server.url}/graphql`,
      headers,
      retryAttempts: 2,
      retry: async () => undefined,
      on: { connecting: () => (connections += 1) },
    })
    const all: unknown[] = []
    const end = await (async () => {
      for await (const result of client.iterate(request)) all.push(result)
    })().catch((error: unknown) => error)
    client.dispose()
    return { all, end, connections }
  }

  it('reports a missing variable at the first attempt', async () => {
    const { all, end, connections } = await results({ query: FILTERED }, await auditor())
    expect({ end, connections }).toEqual({ end: undefined, connections: 1 })
    expect(all).toMatchObject([
      { errors: [{ message: expect.stringContaining('"$filter"'), extensions: { code: 'BAD_USER_INPUT' } }] },
    ])
  })

  it('retries an HTTP error and finally reports it', async () => {
    const { all, end, connections } = await results({ query: FILTERED }, {})
    expect({ all, connections }).toEqual({ all: [], connections: 3 })
    expect(end).toMatchObject({ name: 'NetworkError', response: { status: 401 } })
  })
})
