// Sessions of the dashboard over HTTP: when a cookie counts as a credential, and when it does not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/access/apiKeys.ts'
import { KEY_TTL_MS } from '../../src/access/authenticate.ts'
import { bearer, PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})

afterAll(() => server.close())

type Headers = Readonly<Record<string, string>>

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' }

async function newKey(name: string): Promise<string> {
  return (await createApiKey(server.ledger.prisma, { name, roles: ['AUDITOR'] })).key
}

function session(method: string, headers: Headers, body?: unknown, url = server.url): Promise<Response> {
  return fetch(`${url}/ui/session`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** The name of the cookie of a server. */
const nameFor = (url: string): string => `jobledger-session-${new URL(url).port}`

const originOf = (url: string): Headers => ({ origin: url, ...SAME_ORIGIN })

/** Signs in as a page of `origin` does, and returns the whole cookie. */
async function signIn(credential: string, origin = server.url): Promise<string> {
  const response = await session('POST', originOf(origin), { credential })
  expect(response.status).toBe(204)
  return response.headers.get('set-cookie') ?? ''
}

const pairOf = (cookie: string): string => cookie.split(';', 1)[0] ?? ''

/** Who the API thinks sends a request with these headers; undefined if it refuses it. */
async function actor(headers: Headers, url = server.url): Promise<string | undefined> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"query":"{ viewer { actor } }"}',
  })
  const { data } = (await response.json()) as { data?: { viewer: { actor: string } } | null }
  expect(response.status).toBe(data == null ? 401 : 200)
  return data?.viewer.actor
}

describe('a session', () => {
  it('is a cookie that scripts and other sites cannot use, and that does not show the credential', async () => {
    const key = await newKey('plain')
    const cookie = await signIn(key)
    const [name, value] = cookie.split(/=(.*)/)
    expect(name).toBe(nameFor(server.url))
    expect(value).toMatch(/^[\w.-]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(key)
    expect(await actor({ cookie: pairOf(cookie), ...SAME_ORIGIN })).toBe('key:plain')
  })

  it('of a page that came by https is bound to the host and to https', async () => {
    const https = server.url.replace('http:', 'https:')
    const cookie = await signIn(await newKey('https'), https)
    const [name, value] = cookie.split(/=(.*)/)
    expect(name).toBe(`__Host-${nameFor(server.url)}`)
    expect(value).toMatch(/^[\w.-]+; .*; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
    expect(await actor({ cookie: pairOf(cookie), ...originOf(https) })).toBe('key:https')
    // A page of a neighboring domain can set a cookie, but none with this name.
    const planted = pairOf(await signIn(await newKey('planted')))
    expect(await actor({ cookie: planted, ...originOf(https) })).toBeUndefined()
    expect(await actor({ cookie: `${planted}; ${pairOf(cookie)}`, ...originOf(https) })).toBe('key:https')
  })

  it('counts only in requests that a page of this server sends', async () => {
    const cookie = pairOf(await signIn(await newKey('csrf')))
    const { host } = new URL(server.url)
    for (const headers of [SAME_ORIGIN, { origin: `http://${host}` }] satisfies Headers[])
      expect(await actor({ cookie, ...headers })).toBe('key:csrf')
    const foreign: Headers[] = [
      {},
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: server.url },
      { 'sec-fetch-site': 'none' },
      { origin: 'http://localhost:1' },
      { origin: 'null' },
      { origin: `http://${host}.example.org` },
    ]
    for (const headers of foreign) expect([headers, await actor({ cookie, ...headers })]).toEqual([headers, undefined])
    const get = await fetch(`${server.url}/graphql?query={viewer{actor}}`, {
      headers: { cookie, accept: 'application/json', ...SAME_ORIGIN },
    })
    expect(get.status).toBe(401)
  })

  it('does not replace the credential of a request', async () => {
    const cookie = pairOf(await signIn(await newKey('cookie')))
    const own = bearer(await newKey('header'))
    expect(await actor({ cookie, ...SAME_ORIGIN, ...own })).toBe('key:header')
    expect(await actor({ cookie, ...SAME_ORIGIN, authorization: 'Bearer jl_wrong' })).toBeUndefined()
  })

  it('ends when its key is revoked', async () => {
    const cookie = pairOf(await signIn(await newKey('revoked')))
    expect(await actor({ cookie, ...SAME_ORIGIN })).toBe('key:revoked')
    await revokeApiKey(server.ledger, 'revoked')
    await eventually(async () => expect(await actor({ cookie, ...SAME_ORIGIN })).toBeUndefined(), KEY_TTL_MS + 20_000)
  })

  it('ends when its token expires', async () => {
    const exp = Math.floor(Date.now() / 1000) + 30
    const cookie = pairOf(await signIn(await tokenOf('ada', { claims: { exp } })))
    expect(await actor({ cookie, ...SAME_ORIGIN })).toBe('user:ada')
    const late = pairOf(await signIn(await tokenOf('ada', { claims: { exp: exp - 3600 } })))
    expect(await actor({ cookie: late, ...SAME_ORIGIN })).toBeUndefined()
  })

  it('is accepted by every replica with the same secret, also after a restart, and by no other server', async () => {
    const cookie = pairOf(await signIn(await newKey('replica')))
    const { databaseUrl } = server
    const replica = await startTestServer({ environment: PROTECTED, databaseUrl })
    const secret = { DASHBOARD_SESSION_SECRET: 'another secret of at least 32 bytes!' }
    const other = await startTestServer({ environment: { ...PROTECTED, ...secret }, databaseUrl })
    // Replicas have one address, so the cookie has the same name at each.
    const at = (url: string) => cookie.replace(nameFor(server.url), nameFor(url))
    try {
      expect(await actor({ cookie: at(replica.url), ...SAME_ORIGIN }, replica.url)).toBe('key:replica')
      expect(await actor({ cookie: at(other.url), ...SAME_ORIGIN }, other.url)).toBeUndefined()
    } finally {
      await replica.close()
      await other.close()
    }
  })

  it('is found among other cookies of its name, which a page of another path or domain may have set', async () => {
    const cookie = pairOf(await signIn(await newKey('among')))
    const other = `${nameFor(server.url)}=a.b.c.d.e`
    for (const cookies of [`${other}; ${cookie}`, `${cookie}; ${other}`, `theme=dark; ${other}; ${other}; ${cookie}`])
      expect(await actor({ cookie: cookies, ...SAME_ORIGIN })).toBe('key:among')
  })

  it('has a cookie of its own for each port, so that it does not end when one signs in at another', async () => {
    const neighbor = await startTestServer({ environment: PROTECTED })
    try {
      const cookies = new Map<string, string>()
      for (const url of [server.url, neighbor.url]) {
        const response = await session('POST', originOf(url), { credential: await tokenOf('ada') }, url)
        const [name = '', value = ''] = pairOf(response.headers.get('set-cookie') ?? '').split('=')
        cookies.set(name, value)
      }
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      for (const url of [server.url, neighbor.url])
        expect(await actor({ cookie, ...SAME_ORIGIN }, url)).toBe('user:ada')
      const [ended = ''] = (
        await session('DELETE', originOf(neighbor.url), undefined, neighbor.url)
      ).headers.getSetCookie()
      expect(ended.split('=')[0]).toBe(nameFor(neighbor.url))
    } finally {
      await neighbor.close()
    }
  })

  it('cannot be forged or changed', async () => {
    const cookie = pairOf(await signIn(await newKey('forged')))
    // The last character has bits that do not count.
    const changed = cookie.replace(/.(?=.$)/, (character) => (character === 'A' ? 'B' : 'A'))
    const name = nameFor(server.url)
    for (const forged of [changed, `${name}=`, `${name}=a.b.c.d.e`, `${cookie}.x`])
      expect([forged, await actor({ cookie: forged, ...SAME_ORIGIN })]).toEqual([forged, undefined])
    // What is in the cookie is no token.
    expect(await actor(bearer(cookie.split('=')[1] ?? ''))).toBeUndefined()
  })
})

describe('/ui/session', () => {
  it('says whether one must sign in, whether one has, and how large a page may be', async () => {
    const state = async (headers: Headers, url?: string) => (await session('GET', headers, undefined, url)).json()
    expect(await state({})).toEqual({ isRequired: true, isSignedIn: false, maxPageSize: 100, maxBulkJobs: 100_000 })
    const cookie = pairOf(await signIn(await newKey('state')))
    expect(await state({ cookie })).toEqual({
      isRequired: true,
      isSignedIn: true,
      maxPageSize: 100,
      maxBulkJobs: 100_000,
    })
    const open = await startTestServer()
    try {
      expect(await state({}, open.url)).toEqual({
        isRequired: false,
        isSignedIn: false,
        maxPageSize: 100,
        maxBulkJobs: 100_000,
      })
      expect((await session('POST', originOf(open.url), { credential: 'x' }, open.url)).status).toBe(409)
    } finally {
      await open.close()
    }
  })

  it('signs out by ending both cookies', async () => {
    const response = await session('DELETE', originOf(server.url))
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toEqual([
      `${nameFor(server.url)}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`,
      `__Host-${nameFor(server.url)}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure`,
    ])
  })

  it('accepts the media types of JSON that the API accepts', async () => {
    const credential = await newKey('charset')
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      const response = await session('POST', { ...originOf(server.url), 'content-type': type }, { credential })
      expect([type, response.status]).toEqual([type, 204])
    }
  })

  it('refuses pages of other origins, other types and other bodies', async () => {
    const own = originOf(server.url)
    const credential = await newKey('body')
    const cases: [status: number, response: Promise<Response>][] = [
      [403, session('POST', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' }, { credential })],
      [403, session('POST', { origin: 'https://example.org' }, { credential })],
      [403, session('DELETE', {})],
      [415, session('POST', { ...own, 'content-type': 'text/plain' }, { credential })],
      [415, session('POST', { ...own, 'content-type': 'application/json; charset=latin1' }, { credential })],
      [415, session('POST', { ...own, 'content-encoding': 'gzip' }, { credential })],
      [400, session('POST', own, '{')],
      [400, session('POST', own, { credential: '' })],
      [400, session('POST', own, { credential: 'a b' })],
      [400, session('POST', own, { credential, more: 1 })],
      [400, session('POST', own, { credential: 'x'.repeat(8000) })],
      [413, session('POST', own, { credential: 'x'.repeat(20_000) })],
      [405, session('PUT', own, { credential })],
    ]
    for (const [status, response] of cases) {
      expect((await response).status).toBe(status)
      expect((await response).headers.get('set-cookie')).toBeNull()
    }
  })
})
