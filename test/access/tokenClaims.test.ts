// The claims of a token, over HTTP: exact role names give roles, and tokens of other kinds are
// refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readableLog } from '../maintenance/logLines.ts'
import { bearer, PROTECTED, type TokenFacts, tokenOf } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { refusal, WHO, who } from './tokens.ts'

const { log, lines } = readableLog()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED, log })
})
afterAll(() => server.close())

describe('the roles claim', () => {
  it.each([
    ['ADMIN', ['ADMIN']],
    ['USER WORKER', ['USER', 'WORKER']],
    ['WORKER,AUDITOR', ['WORKER', 'AUDITOR']],
    ['ADMIN, USER', ['USER', 'ADMIN']],
    [['ADMIN', 'billing'], ['ADMIN']],
  ])('gives the roles that it names exactly: %j', async (roles, given) => {
    expect(await who(server, await tokenOf('ada', { claims: { roles } }))).toMatchObject({ roles: given })
  })

  it.each([
    'not an ADMIN',
    'ADMIN of nothing',
    'USER\tADMIN',
    'USER  ADMIN',
    'USER,,ADMIN',
    ' ADMIN',
    'ADMIN ',
    'ADMIN\n',
    'ADMIN\u00a0USER',
    'admin',
    'Admin',
    'adm\u0131n',
    'wor\u212aer',
    'wor\u212aER',
    'u\u017fer',
    'ADM\u0130N',
    '\uff21\uff24\uff2d\uff29\uff2e',
    '',
    ['ADMIN USER'],
    ['admin'],
    ['adm\u0131n', 'wor\u212aer', 'u\u017fer'],
    [['ADMIN']],
    [{ name: 'ADMIN' }],
    { ADMIN: true },
    true,
    null,
  ])('gives no role for anything else: %j', async (roles) => {
    const { errors } = await server.request(WHO, {}, bearer(await tokenOf('ada', { claims: { roles } })))
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })

  it('is logged once a minute if it gives no role', () => {
    expect(lines.filter(({ msg }) => msg === 'token gives no role: roles claim ignored')).toMatchObject([
      { level: 'warn', actor: 'user:ada', claim: 'roles', value: '"not an ADMIN"' },
    ])
  })
})

const NOT_ACCESS = 'it is an ID token or a refresh token; send an access token'

describe('a token of another kind', () => {
  it.each<[string, TokenFacts, string]>([
    ['an ID token of the code flow', { claims: { nonce: 'n' } }, NOT_ACCESS],
    ['an ID token with a hash of its access token', { claims: { at_hash: 'h', scope: 'openid' } }, NOT_ACCESS],
    ['an ID token with a hash of its code', { header: { typ: 'JWT' }, claims: { c_hash: 'h' } }, NOT_ACCESS],
    ['an ID token of Keycloak', { claims: { typ: 'ID' } }, NOT_ACCESS],
    ['a refresh token of Keycloak', { claims: { typ: 'Refresh', scope: 'openid' } }, NOT_ACCESS],
    ['an ID token of Cognito', { claims: { token_use: 'id' } }, NOT_ACCESS],
    ['a logout token', { header: { typ: 'logout+jwt' } }, 'its header "typ" must be at+jwt or JWT, or absent'],
    ['a security event', { header: { typ: 'application/secevent+jwt' } }, 'its header "typ" must be'],
    ['a proof of possession', { header: { typ: 'dpop+jwt' } }, 'its header "typ" must be'],
    ['one whose type is not a string', { header: { typ: 7 } }, 'its header "typ" must be'],
  ])('is refused: %s', async (_name, facts, why) => {
    expect(await refusal(server, bearer(await tokenOf('ada', { roles: ['ADMIN'], ...facts })))).toContain(why)
  })

  it.each<[string, TokenFacts]>([
    ['of RFC 9068', { header: { typ: 'at+jwt' } }],
    ['of RFC 9068, written out', { header: { typ: 'application/at+JWT' } }],
    ['of Auth0 and Entra ID', { header: { typ: 'JWT' }, claims: { scp: 'jobs.read' } }],
    ['of Okta, without a type', { claims: { scp: ['jobs'] } }],
    ['of Keycloak, old versions of which add a nonce', { claims: { typ: 'Bearer', nonce: 'n', scope: 'openid' } }],
    ['of Cognito', { claims: { token_use: 'access' } }],
  ])('is accepted if it is an access token: %s', async (_name, facts) => {
    expect(await who(server, await tokenOf('ada', facts))).toMatchObject({ actor: 'user:ada' })
  })
})

describe('a token of Firebase, which issues only ID tokens', () => {
  const project = 'demo-project'
  const issuer = `https://securetoken.google.com/${project}`
  const claims = {
    iss: issuer,
    aud: project,
    auth_time: 1_790_000_000,
    user_id: 'ada',
    firebase: { identities: { email: ['ada@example.org'] }, sign_in_provider: 'password' },
  }
  const header = { typ: 'JWT', kid: 'k' }
  let own: TestServer
  beforeAll(async () => {
    own = await startTestServer({
      environment: { ...PROTECTED, AUTH_JWT_ISSUER: issuer, AUTH_JWT_AUDIENCE: project },
    })
  })
  afterAll(() => own.close())

  it('has the role USER, or the roles of a custom claim', async () => {
    expect(await who(own, await tokenOf('ada', { header, claims }))).toMatchObject({ userId: 'ada', roles: ['USER'] })
    const worker = await tokenOf('bob', { header, claims: { ...claims, roles: ['WORKER'] } })
    expect(await who(own, worker)).toMatchObject({ roles: ['WORKER'] })
  })

  it.each([
    ['another project', { iss: 'https://securetoken.google.com/other', aud: 'other' }, '"iss"'],
    ['a session cookie', { iss: `https://session.firebase.google.com/${project}` }, '"iss"'],
    ['another audience', { aud: 'other' }, '"aud"'],
  ])('is refused if it is from %s', async (_, other, claim) => {
    const token = await tokenOf('ada', { header, claims: { ...claims, ...other } })
    expect(await refusal(own, bearer(token))).toContain(`its claim ${claim} has an unexpected value`)
  })
})
