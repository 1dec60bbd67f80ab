// Published keys over time: an issuer that is unavailable for a long time, and one that signs with
// a key it has only now published.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { KEYS_REFRESH_MS } from '../../src/access/publishedKeys.ts'
import { readableLog } from '../maintenance/logLines.ts'
import { type ClockAhead, clockAhead } from '../support/clockAhead.ts'
import { bearer } from '../support/credentials.ts'
import { openEventStream } from '../support/eventStream.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf, startWorker, stopWorkers, stored } from '../worker/startWorker.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { CLAIMS, forged, refusal, WHO, who } from './tokens.ts'

const { log, lines } = readableLog()
let issuer: Issuer
let server: TestServer
let clock: ClockAhead
beforeAll(async () => {
  clock = clockAhead()
  issuer = await startIssuer()
  await issuer.publish('old')
  server = await startTestServer({ environment: { ...CLAIMS, AUTH_JWKS_URL: issuer.url }, log })
})
afterEach(stopWorkers)
afterAll(async () => {
  vi.restoreAllMocks()
  await server.close()
  await issuer.close()
})

const refreshFailures = () => lines.filter(({ msg }) => msg === 'refresh of the token signing keys failed')

it('keeps using the last keys and keeps streams open while the issuer is unavailable, and logs it', async () => {
  const token = await issuer.token('old', { roles: ['AUDITOR'] })
  const stream = await openEventStream(server, {}, bearer(token))
  await newJob(server.ledger)
  await stream.heard(1)
  issuer.isUnavailable = true
  clock.advance(100 * KEYS_REFRESH_MS)
  const before = issuer.requests
  for (let times = 0; times < 5; times += 1) expect(await who(server, token)).toMatchObject({ actor: 'user:ada' })
  await newJob(server.ledger)
  await stream.heard(2)
  expect(stream.errors).toEqual([])
  await stream.close()
  await eventually(() => expect(refreshFailures()).toMatchObject([{ level: 'warn', err: expect.anything() }]))
  expect(issuer.requests).toBeGreaterThan(before)
  issuer.isUnavailable = false
})

it.each([
  ['no key', []],
  ['only a key for encryption', [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', use: 'enc' }]],
  ['only a broken key', [{ kty: 'EC', crv: 'P-256', kid: 'old', alg: 'ES256' }]],
])('keeps using the last keys while the issuer publishes %s', async (_, keys) => {
  const failures = refreshFailures().length
  issuer.publishRaw(...keys)
  clock.advance(2 * KEYS_REFRESH_MS)
  const token = await issuer.token('old')
  expect(await who(server, token)).toMatchObject({ actor: 'user:ada' })
  await eventually(() => expect(refreshFailures().length).toBeGreaterThan(failures))
  for (let times = 0; times < 3; times += 1) expect(await who(server, token)).toMatchObject({ actor: 'user:ada' })
  await issuer.publish('old')
})

it('accepts a newly published key within seconds, and never returns 401 before', async () => {
  await issuer.publish('old', 'new')
  const token = await issuer.token('new')
  await eventually(async () => {
    const { status, data, errors, headers } = await server.request(WHO, {}, bearer(token))
    if (status === 503) {
      expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }])
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    } else expect(status).toBe(200)
    expect(data?.viewer.actor).toBe('user:ada')
  })
})

it('does not stop a worker whose token names a key that is found later', async () => {
  issuer.isUnavailable = true
  await issuer.publish('old', 'new', 'newer')
  const job = await newJob(server.ledger)
  const token = await issuer.token('newer', { roles: ['WORKER'] })
  const worker = startWorker({ url: endpointOf(server), token, handle: async () => 'done' })
  await eventually(() => expect(worker.of('serverUnavailable')).toHaveLength(1))
  issuer.isUnavailable = false
  await eventually(async () => expect(await stored(server, job)).toMatchObject({ state: 'COMPLETED' }), 20_000)
  await worker.stop()
})

it('sends few requests to the issuer for many invented key ids, and accepts valid tokens meanwhile', async () => {
  const before = issuer.requests
  const startedAt = performance.now()
  const statuses = new Set<number>()
  for (let times = 0; times < 40; times += 1) {
    statuses.add((await server.request(WHO, {}, bearer(forged('ES256', `made-up-${times}`)))).status)
    expect(await who(server, await issuer.token('old'))).toMatchObject({ actor: 'user:ada' })
  }
  expect([...statuses].filter((status) => status !== 401)).toEqual([503])
  expect(issuer.requests - before).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 5000)
})

it('refuses a key id that the issuer does not have, after looking it up', async () => {
  await eventually(async () =>
    expect(await refusal(server, bearer(forged('ES256', 'never published')))).toContain(
      'its key is not among those of the issuer',
    ),
  )
})
