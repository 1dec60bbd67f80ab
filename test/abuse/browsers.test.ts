// Requests that other web pages can make a browser send: none of them has an effect.
import { request as httpRequest } from 'node:http'
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

let production: TestServer
let development: TestServer

beforeAll(async () => {
  production = await startTestServer({ environment: { AUTH: 'open', NODE_ENV: 'production' } })
  development = await startTestServer()
})
afterAll(() => Promise.all([production.close(), development.close()]))

const MUTATION = 'mutation { createJob(input: { content: "by a page" }) { __typename } }'
const PREFLIGHTED = { 'graphql-require-preflight': '1' }

/** The requests that a page may send without a preflight. */
const SIMPLE: [string, RequestInit & { search?: string }][] = [
  ['GET', { search: `?query=${encodeURIComponent(MUTATION)}` }],
  ['a form', form('application/x-www-form-urlencoded', new URLSearchParams({ query: MUTATION }).toString())],
  ['text', form('text/plain', JSON.stringify({ query: MUTATION }))],
  ['text that says it is JSON', form('text/plain; charset=application/json', JSON.stringify({ query: MUTATION }))],
  [
    'a multipart form',
    form(
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${MUTATION}\r\n--x--`,
    ),
  ],
  ['no content type', form('', JSON.stringify({ query: MUTATION }))],
]

function form(type: string, body: string): RequestInit {
  return { method: 'POST', body: new TextEncoder().encode(body), headers: type === '' ? {} : { 'content-type': type } }
}

describe.each(['production', 'development'])('a web page, to a server in %s', (environment) => {
  it.each(SIMPLE)('cannot make a mutation by %s', async (_, { search = '', ...init }) => {
    const server = environment === 'production' ? production : development
    const response = await fetch(`${server.url}/graphql${search}`, init)
    expect([403, 405, 415]).toContain(response.status)
    expect(response.headers.get('access-control-allow-origin')).toBe(null)
    expect(await server.ledger.prisma.job.count()).toBe(0)
  })

  it('gets no permission from a preflight', async () => {
    const server = environment === 'production' ? production : development
    const response = await fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('in production', () => {
  const QUERY = '?query={__typename}'

  it('a query by GET requires a header that a page cannot send without a preflight', async () => {
    const refused = await fetch(`${production.url}/graphql${QUERY}`)
    expect([refused.status, (await refused.json()).errors[0].extensions.code]).toEqual([403, 'FORBIDDEN'])
    for (const name of ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf']) {
      const response = await fetch(`${production.url}/graphql${QUERY}`, { headers: { [name]: '1' } })
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
    }
  })

  const audits = serverAudits({
    url: () => `${production.url}/graphql`,
    fetchFn: (url: string, { body, ...init }: RequestInit = {}) =>
      fetch(withoutIntrospection(url), {
        ...init,
        ...(typeof body === 'string' && { body: withoutIntrospection(body) }),
        headers: { ...PREFLIGHTED, ...headersOf(init) },
      }),
  })

  it.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))(
    'conforms: %s',
    async (_name, audit) => {
      const result = await audit.fn()
      expect(result.status, 'reason' in result ? result.reason : undefined).toBe('ok')
    },
  )
})

/**
 * Audits of variables use introspection, which is off in production: the same with another field.
 */
function withoutIntrospection(text: string): string {
  return text
    .replace('__type(name: $name) { name }', 'jobCount(filter: { userId: $name })')
    .replace('__type%28name%3A+%24name%29+%7B+name+%7D', 'jobCount%28filter%3A+%7B+userId%3A+%24name+%7D%29')
}

function headersOf(init: RequestInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(init?.headers).entries())
}

/** The status of a request with another Host header, which `fetch` does not allow to set. */
function statusByName(server: TestServer, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' }
    const request = httpRequest(`${server.url}/graphql`, { method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end('{"query":"{ __typename }"}')
  })
}

describe('a server that is open because only this machine can reach it', () => {
  it.each(['localhost', 'localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'jobs.localhost'])(
    'answers to %s',
    async (host) => {
      expect(await statusByName(development, host)).toBe(200)
    },
  )

  it.each(['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', '10.0.0.1:4000'])(
    'does not answer to %s, as which a page could call it',
    async (host) => {
      expect(await statusByName(development, host)).toBe(421)
      expect(await statusByName(production, host)).toBe(200)
    },
  )
})
