// Tokens over HTTP: which are accepted, which are refused, and with which messages.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readableLog } from '../maintenance/logLines.ts'
import { bearer, PROTECTED, type TokenFacts, tokenOf } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { CLAIMS, FACTS, forged, refusal, sign, WHO, who } from './tokens.ts'

const NOW = (): number => Math.floor(Date.now() / 1000)

describe('a server with a secret', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ environment: { ...PROTECTED, AUTH_JWT_ROLES_CLAIM: 'realm.roles' } })
  })
  afterAll(() => server.close())

  const good: [string, TokenFacts][] = [
    ['is good', {}],
    ['names several audiences', { claims: { aud: ['other', 'jobledger'] } }],
    ['expired within the leeway', { claims: { exp: NOW() - 50 } }],
    ['begins within the leeway', { claims: { nbf: NOW() + 50 } }],
  ]

  it.each(good)('accepts a token that %s', async (_name, facts) => {
    expect(await who(server, await tokenOf('ada', facts))).toEqual({
      actor: 'user:ada',
      userId: 'ada',
      roles: ['USER'],
    })
  })

  const bad: [string, TokenFacts, string][] = [
    ['expired', { claims: { exp: NOW() - 70 } }, 'it has expired'],
    ['never expires', { claims: { exp: undefined } }, 'it has no claim "exp"'],
    ['is not valid yet', { claims: { nbf: NOW() + 120 } }, 'its claim "nbf" has an unexpected value'],
    ['is of another issuer', { claims: { iss: 'https://evil.example' } }, 'its claim "iss" has an unexpected value'],
    ['names no issuer', { claims: { iss: undefined } }, 'it has no claim "iss"'],
    ['has another audience', { claims: { aud: 'other' } }, 'its claim "aud" has an unexpected value'],
    ['is for nobody', { claims: { aud: undefined } }, 'it has no claim "aud"'],
    ['names nobody', { claims: { sub: undefined } }, 'it has no claim "sub"'],
    ['names nobody by an empty name', { claims: { sub: '' } }, 'its claim "sub" must be 1 to 195 characters'],
    ['has a name that fits no record', { claims: { sub: 'x'.repeat(196) } }, 'its claim "sub" must be 1 to 195'],
    ['has a name with a control character', { claims: { sub: 'a\0b' } }, 'its claim "sub" must be'],
    ['is signed by another secret', { secret: 'another-secret-0123456789-0123456789' }, 'its signature does not match'],
    ['is signed by another algorithm', { algorithm: 'HS512' }, 'its signature algorithm is not accepted'],
  ]

  it.each(bad)('refuses a token that %s', async (_name, facts, why) => {
    const token = await tokenOf('ada', facts)
    const message = await refusal(server, bearer(token))
    expect(message).toContain(why)
    expect(message).not.toContain(token.slice(10, 30))
  })

  it('refuses a token from the moment of its expiry, although it was verified just before', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const token = await tokenOf('ada', { claims: { exp: NOW() - 50 } })
    expect(await who(server, token)).toMatchObject({ actor: 'user:ada' })
    vi.setSystemTime(Date.now() + 9000)
    expect(await who(server, token)).toMatchObject({ actor: 'user:ada' })
    vi.setSystemTime(Date.now() + 2000)
    expect(await refusal(server, bearer(token))).toContain('it has expired')
    vi.useRealTimers()
  })

  it('refuses a token that is not signed', async () => {
    const token = new UnsecuredJWT(FACTS).setExpirationTime('1m').encode()
    expect(await refusal(server, bearer(token))).toContain('The token is not valid')
  })

  it('refuses a token that was changed', async () => {
    const [head, , signature] = (await tokenOf('ada')).split('.')
    const body = Buffer.from(JSON.stringify({ ...FACTS, sub: 'root', exp: NOW() + 60 })).toString('base64url')
    expect(await refusal(server, bearer([head, body, signature].join('.')))).toContain('its signature does not match')
  })

  it.each([
    ['no header', {}, 'A credential is required'],
    ['an empty header', { authorization: '' }, 'A credential is required'],
    ['another scheme', { authorization: 'Basic YWRhOnNlY3JldA==' }, 'must be "Bearer"'],
    ['the scheme alone', { authorization: 'Bearer' }, 'must be "Bearer"'],
    ['two credentials', { authorization: 'Bearer a b' }, 'must be "Bearer"'],
    ['nonsense', bearer('nonsense'), 'it cannot be read'],
    ['a token of 9,000 characters', bearer('x'.repeat(9000)), 'must be at most 8192 characters long (got 9000)'],
  ])('refuses %s', async (_name, headers, why) => {
    expect(await refusal(server, headers as Record<string, string>)).toContain(why)
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('accepts the scheme %s', async (scheme) => {
    const { data } = await server.request(WHO, {}, { authorization: `${scheme} ${await tokenOf('ada')}` })
    expect(data.viewer.actor).toBe('user:ada')
  })

  it.each([
    [{ realm: { roles: ['WORKER', 'AUDITOR', 'billing'] } }, ['WORKER', 'AUDITOR']],
    [{ 'realm.roles': 'ADMIN USER' }, ['USER', 'ADMIN']],
    [{ realm: { roles: [] } }, undefined],
    [{ realm: { roles: { ADMIN: true } } }, undefined],
    [{ realm: { roles: [{ toString: 'ADMIN' }, null, 7] } }, undefined],
    [{ realm: 'x' }, ['USER']],
    [{ roles: ['ADMIN'] }, ['USER']],
  ])('reads the roles of %o', async (claims, roles) => {
    const { data, errors } = await server.request(WHO, {}, bearer(await tokenOf('ada', { claims })))
    if (roles === undefined) expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    else expect(data.viewer.roles).toEqual(roles)
  })

  it('refuses every query without a credential, even __typename', async () => {
    expect((await server.request('{ __typename }')).status).toBe(401)
    expect((await server.request('{ __schema { types { name } } }')).status).toBe(401)
    expect((await fetch(`${server.url}/graphql?query={__typename}`)).status).toBe(401)
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
  })
})

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve })

const KEYS: [name: string, algorithms: string[], generate: () => { publicKey: KeyObject; privateKey: KeyObject }][] = [
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'], rsa],
  ['P-256', ['ES256'], ec('P-256')],
  ['P-384', ['ES384'], ec('P-384')],
  ['P-521', ['ES512'], ec('P-521')],
  ['Ed25519', ['EdDSA', 'Ed25519'], () => generateKeyPairSync('ed25519')],
]

describe.each(KEYS)('a server with a public key of %s', (_name, algorithms, generate) => {
  const { publicKey, privateKey } = generate()
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const { log, lines } = readableLog()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ environment: { ...CLAIMS, AUTH_JWT_PUBLIC_KEY: pem }, log })
  })
  afterAll(() => server.close())

  it.each(algorithms)('accepts a token signed by the private key with %s', async (alg) => {
    expect(await who(server, await sign(alg, privateKey))).toMatchObject({ actor: 'user:ada' })
  })

  it.each(algorithms)('refuses a token signed by another private key with %s', async (alg) => {
    expect(await refusal(server, bearer(await sign(alg, generate().privateKey)))).toContain(
      'its signature does not match',
    )
    expect(await refusal(server, bearer(forged(alg)))).toContain('its signature does not match')
  })

  it('refuses a token that names an algorithm of other keys, without logging an error', async () => {
    for (const alg of [...ALGORITHMS, 'HS256', 'ML-DSA-44', 'none', 'no such'].filter(
      (one) => !algorithms.includes(one),
    )) {
      expect(await refusal(server, bearer(forged(alg)))).toContain('its signature algorithm is not accepted')
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('refuses a token signed with the public key as a secret', async () => {
    const token = await tokenOf('ada', { secret: pem })
    expect(await refusal(server, bearer(token))).toContain('its signature algorithm is not accepted')
  })
})
