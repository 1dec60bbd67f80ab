// Tokens verified by keys that an issuer publishes, over HTTP, with the issuer available and
// unavailable.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readableLog } from '../maintenance/logLines.ts'
import { bearer } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { CLAIMS, forged, refusal, sign, WHO, who } from './tokens.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
const { log, lines } = readableLog()

let published: string
let issuer: Server
let AUTH_JWKS_URL: string
let fetches = 0
/** How the issuer fails. */
let disorder: 'fails' | 'is silent' | 'talks nonsense' | undefined

beforeAll(async () => {
  const jwk = await exportJWK(publicKey)
  const rsa = await exportJWK(short.publicKey)
  published = JSON.stringify({
    keys: [
      { ...jwk, kid: 'one', alg: 'ES256', use: 'sig' },
      { ...jwk, kid: 'any algorithm' },
      { ...rsa, kid: 'short' },
      { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AA', y: 'AA' },
      { kty: 'RSA', kid: 'empty' },
      { ...(await exportJWK(privateKey)), kid: 'private' },
    ],
  })
  issuer = createServer((_request, response) => {
    fetches += 1
    if (disorder === 'is silent') return
    const body = disorder === 'talks nonsense' ? '{"keys":"none"}' : published
    response.writeHead(disorder === 'fails' ? 500 : 200, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => void issuer.listen(0, '127.0.0.1', resolve))
  AUTH_JWKS_URL = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`
})
afterAll(async () => {
  issuer.closeAllConnections()
  await new Promise((resolve) => issuer.close(resolve))
})

function startServer(environment: Record<string, string> = {}): Promise<TestServer> {
  return startTestServer({ environment: { ...CLAIMS, AUTH_JWKS_URL, ...environment }, log })
}

describe('an available issuer', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  it('accepts tokens that are signed by one of its keys', async () => {
    expect(await who(server, await sign('ES256', privateKey, 'one'))).toMatchObject({ actor: 'user:ada' })
    expect(await who(server, await sign('ES256', privateKey, 'any algorithm'))).toMatchObject({ actor: 'user:ada' })
  })

  it('refuses a token that names a key it does not have', async () => {
    const token = await sign('ES256', privateKey, 'two')
    await eventually(async () =>
      expect(await refusal(server, bearer(token))).toContain('its key is not among those of the issuer'),
    )
  })

  it('refuses a token that names an unsuitable key, without logging an error', async () => {
    const before = lines.filter(({ level }) => level === 'error').length
    for (const alg of ['ES384', 'ES512', 'RS256', 'EdDSA']) {
      for (const kid of ['one', 'any algorithm']) {
        expect(await refusal(server, bearer(forged(alg, kid)))).toContain('its key is not among those of the issuer')
      }
    }
    for (const alg of ['HS256', 'none']) {
      expect(await refusal(server, bearer(forged(alg, 'one')))).toContain('its signature algorithm is not accepted')
    }
    for (const [alg, kid] of [
      ['RS256', 'short'],
      ['ES256', 'broken'],
      ['RS256', 'empty'],
    ] as const) {
      expect(await refusal(server, bearer(forged(alg, kid))), kid).toContain('the key that it names cannot verify it')
    }
    expect(await refusal(server, bearer(forged('ES256', 'private')))).toContain('The token is not valid')
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(before)
  })
})

const UNAVAILABLE = {
  status: 503,
  errors: [
    {
      message: 'Token signing keys are temporarily unavailable. Send the request again later.',
      extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 },
    },
  ],
}

describe('a failing issuer', () => {
  it.each(['fails', 'talks nonsense'] as const)(
    'that %s makes requests unavailable until it recovers',
    async (fault) => {
      const server = await startServer()
      const token = await sign('ES256', privateKey, 'one')
      disorder = fault
      const answer = await server.request(WHO, {}, bearer(token))
      expect(answer).toMatchObject(UNAVAILABLE)
      expect(answer.headers.get('retry-after')).toBe('1')
      const requestId = answer.headers.get('x-request-id')
      expect(lines.filter((line) => line.requestId === requestId && line.level === 'warn')).toMatchObject([
        { reason: 'Token signing keys are temporarily unavailable.', cause: expect.any(String) },
      ])
      disorder = undefined
      await eventually(async () => expect(await who(server, token)).toMatchObject({ actor: 'user:ada' }))
      await server.close()
    },
  )

  it('does not delay a request beyond its timeout', async () => {
    const server = await startServer({ REQUEST_TIMEOUT_MS: '700' })
    disorder = 'is silent'
    const startedAt = performance.now()
    const answer = await server.request(WHO, {}, bearer(await sign('ES256', privateKey, 'one')))
    disorder = undefined
    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'TIMEOUT' } }] })
    await server.close()
  })

  it('does not bypass the rate limit, and gets few requests', async () => {
    const server = await startServer({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '5' })
    disorder = 'fails'
    fetches = 0
    const statuses: number[] = []
    const startedAt = performance.now()
    for (let times = 0; times < 30; times += 1) {
      statuses.push((await server.request(WHO, {}, bearer(forged('ES256', `key-${times}`)))).status)
    }
    const seconds = Math.ceil((performance.now() - startedAt) / 1000)
    disorder = undefined
    expect(statuses.filter((status) => status === 503).length).toBeLessThanOrEqual(5 + seconds)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(30 - 5 - seconds)
    expect(fetches).toBeLessThanOrEqual(1 + seconds)
    await server.close()
  })
})
