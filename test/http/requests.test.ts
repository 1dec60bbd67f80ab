// Which requests the HTTP layer accepts, and its responses, beyond the audit of the specification
// (audit.test.ts).
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Writable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CreateJobDocument } from '../client/documents.generated.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
const logged: Record<string, unknown>[] = []

beforeAll(async () => {
  server = await startTestServer({
    log: pino({ level: 'debug' }, sinkOf(logged)),
    environment: { LIMIT_BODY_BYTES: '20000' },
  })
})

afterAll(() => server.close())

const endpoint = (): string => `${server.url}/graphql`

async function post(body: string | ReadableStream, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers }, duplex: 'half' }
  return await fetch(endpoint(), init as RequestInit)
}

async function countJobs(): Promise<number> {
  return await server.ledger.prisma.job.count()
}

const MUTATION = 'mutation { createJob(input: { content: "by GET" }) { __typename } }'

describe('paths', () => {
  it('responds to other paths with 404 and the path of the API', async () => {
    const response = await fetch(`${server.url}/graphiql`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: 'not found', message: expect.stringContaining('/graphql') })
  })

  it('refuses a path that only ends like the endpoint', async () => {
    expect((await fetch(`${server.url}/x/graphql`, { method: 'POST' })).status).toBe(404)
  })
})

describe('GET', () => {
  it('executes a query', async () => {
    const response = await fetch(`${endpoint()}?query=${encodeURIComponent('{ __typename }')}`)
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
  })

  it('refuses a mutation and writes nothing', async () => {
    const before = await countJobs()
    const response = await fetch(`${endpoint()}?query=${encodeURIComponent(MUTATION)}`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(await countJobs()).toBe(before)
  })
})

describe('POST', () => {
  it('answers typed documents', async () => {
    const { data } = await server.request(CreateJobDocument, { input: { content: 'typed' } })
    expect(data.createJob).toMatchObject({
      created: true,
      job: { content: 'typed', stateActor: 'user:dev', state: 'PENDING' },
    })
  })

  it('refuses an array of operations', async () => {
    const response = await post(JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]))
    expect(response.status).toBe(400)
    const message =
      'The body must be a JSON object with the parameter `query` (got an array). Batches are not supported: send each operation in a request of its own.'
    expect(await response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
  })

  it('refuses multipart uploads', async () => {
    const form = new FormData()
    form.set('operations', JSON.stringify({ query: MUTATION }))
    form.set('map', '{}')
    const before = await countJobs()
    expect((await fetch(endpoint(), { method: 'POST', body: form })).status).toBe(415)
    expect(await countJobs()).toBe(before)
  })

  it.each(['application/json', 'application/graphql+json'])(
    'refuses a body that is not UTF-8, sent as %s',
    async (type) => {
      const body = Buffer.concat([
        Buffer.from('{"query":"{ __typename # '),
        Buffer.from([0xff, 0xc3]),
        Buffer.from('"}'),
      ])
      const response = await fetch(endpoint(), { method: 'POST', headers: { 'content-type': type }, body })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'The body must be valid UTF-8.', extensions: { code: 'BAD_USER_INPUT' } }],
      })
    },
  )

  it.each(['a b', 'a:99999', '['])('refuses the invalid host "%s" and repeats it in the error', async (host) => {
    const clientRequest = request(endpoint(), { method: 'POST', headers: { host, 'content-type': 'application/json' } })
    clientRequest.end('{"query":"{ __typename }"}')
    const [response] = (await once(clientRequest, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(400)
    expect(await json(response)).toEqual({
      errors: [
        {
          message: `The header Host must be the name of this server (got "${host}").`,
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    })
  })

  it('accepts the charset UTF-8 in any spelling and refuses others', async () => {
    const statuses = async (...charsets: string[]) =>
      Promise.all(
        charsets.map(async (charset) => {
          const headers = { 'content-type': `application/json; charset=${charset}` }
          return (await fetch(endpoint(), { method: 'POST', headers, body: '{"query":"{ __typename }"}' })).status
        }),
      )
    expect(await statuses('utf-16', 'iso-8859-1')).toEqual([415, 415])
    expect(await statuses('utf-8', 'UTF-8', '"utf-8"')).toEqual([200, 200, 200])
  })

  it('names an unknown parameter in the error', async () => {
    const response = await post(JSON.stringify({ query: '{ __typename }', id: 7 }))
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('"id"') }] })
  })

  it.each([
    ['a syntax error', { query: '{' }],
    ['an unknown field', { query: '{ nothing }' }],
    ['a variable of another type', { query: 'query ($id: ID!) { job(id: $id) { id } }', variables: {} }],
    ['an unknown operation', { query: 'query A { __typename }', operationName: 'B' }],
    ['no query', { variables: {} }],
  ])('answers %s with BAD_USER_INPUT', async (_name, body) => {
    expect(await (await post(JSON.stringify(body))).json()).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) })],
    })
  })
})

describe('the body limit', () => {
  const tooLarge = {
    errors: [{ message: 'The request body must be at most 20000 bytes.', extensions: { code: 'BAD_USER_INPUT' } }],
  }
  const body = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(20_000)}` })

  it('accepts a body at the limit', async () => {
    expect((await post(JSON.stringify({ query: '{ __typename }' }).padEnd(20_000))).status).toBe(200)
  })

  it('refuses a body over the limit with 413', async () => {
    const response = await post(body)
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual(tooLarge)
  })

  it('refuses a chunked body over the limit', async () => {
    const response = await post(new Blob([body]).stream())
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual(tooLarge)
  })
})

describe('the request id', () => {
  it.each(['order-4711', 'a1b2:c3/d4.e5'])('is the one that the caller sent: %s', async (id) => {
    expect((await post('{"query":"{ __typename }"}', { 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
  })

  it.each(['', 'two words', 'x'.repeat(129), '<script>'])(
    'is generated if the caller sent the invalid id "%s"',
    async (id) => {
      const response = await post('{"query":"{ __typename }"}', { 'x-request-id': id })
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  it('is in every response', async () => {
    for (const path of ['/livez', '/readyz', '/nowhere', '/graphql']) {
      expect((await fetch(`${server.url}${path}`)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('leads from a masked error to its cause in the log', async () => {
    const broken = await startTestServer({ log: pino({ level: 'debug' }, sinkOf(logged)) })
    vi.spyOn(broken.database.pool, 'query').mockRejectedValue(new Error('relation job_counts of Prisma'))
    try {
      const answer = await broken.request('{ jobCount }', {}, { 'x-request-id': 'masked-1' })
      expect(JSON.stringify(answer.errors)).not.toMatch(/counts|relation|42P01|prisma/i)
      expect(answer.errors).toEqual([
        expect.objectContaining({ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'masked-1' } }),
      ])
      const entry = logged.find((line) => line.requestId === 'masked-1' && line.level === 50)
      expect(JSON.stringify(entry)).toContain('job_counts')
    } finally {
      await broken.close()
    }
  })
})

describe('the log', () => {
  it('has the operation, status and duration of each request at level debug', async () => {
    await server.request('query CountThem { jobCount }', {}, { 'x-request-id': 'log-1' })
    await expect
      .poll(() => logged.find((line) => line.requestId === 'log-1'))
      .toMatchObject({
        level: 20,
        operation: 'query CountThem',
        status: 200,
        durationMs: expect.any(Number),
      })
  })
})

function sinkOf(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
}
