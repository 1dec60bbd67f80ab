// Unauthenticated callers cause a limited number of log lines. The log reports how many were
// suppressed.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { type Issuer, startIssuer } from '../access/issuer.ts'
import { CLAIMS, forged, WHO } from '../access/tokens.ts'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { type ClockAhead, clockAhead } from '../support/clockAhead.ts'
import { bearer } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

const MAX_LINES = 60
const TIMES = 100

const { log, lines } = readableLog()
let issuer: Issuer
let server: TestServer
let clock: ClockAhead

beforeAll(async () => {
  clock = clockAhead()
  issuer = await startIssuer()
  await issuer.publish('old')
  // A request may end after the clock was advanced, and would then be logged as slow.
  const environment = { ...CLAIMS, AUTH_JWKS_URL: issuer.url, SLOW_THRESHOLD_MS: '0' }
  server = await startTestServer({ environment, log })
})
afterEach(() => {
  lines.length = 0
})
afterAll(async () => {
  vi.restoreAllMocks()
  await server.close()
  await issuer.close()
})

const warnings = (): LogLine[] => lines.filter(({ level }) => level === 'warn' || level === 'error')

async function statusOf(headers: Record<string, string>): Promise<number> {
  return (await server.request(WHO, {}, headers)).status
}

it.each([
  ['no credential', () => ({}), 'authentication failed', 401],
  ['a key that does not exist', () => bearer(`jl_${'x'.repeat(43)}`), 'authentication failed', 401],
  ['made-up key ids', (n: number) => bearer(forged('ES256', `made-up-${n}`)), 'request failed, can be retried', 503],
] as const)(
  'writes at most 60 lines a minute for requests with %s, and reports the number of the others',
  async (_, headers, line, status) => {
    clock.advance(60_000)
    // The server asks the issuer once for an unknown key, and not again for the next ones.
    await statusOf(bearer(forged('ES256', 'first')))
    lines.length = 0
    for (let n = 0; n < TIMES; n += 1) expect(await statusOf(headers(n))).toBe(status)
    const before = warnings()
    expect(before.filter(({ msg }) => msg !== line)).toEqual([])
    expect([before.length <= MAX_LINES, before.length >= MAX_LINES - 1]).toEqual([true, true])
    for (const entry of before) expect(JSON.stringify(entry)).not.toMatch(/stack|\\n/)
    clock.advance(60_000)
    // The server looks up the first made-up key id. Only the second one fails like those before.
    for (let n = 0; n < 2; n += 1) await statusOf(headers(TIMES + n))
    expect(warnings().filter(({ msg }) => msg === 'log lines suppressed')).toEqual([
      {
        level: 'warn',
        time: expect.any(Number),
        msg: 'log lines suppressed',
        line,
        suppressed: TIMES - before.length,
        seconds: 60,
      },
    ])
  },
)

it('writes every line for authenticated requests', async () => {
  const token = bearer(await issuer.token('old', { roles: ['ADMIN'] }))
  await onServer(server.databaseUrl, (client) => client.query('ALTER TABLE jobledger.consumers RENAME TO gone'))
  for (let n = 0; n < TIMES; n += 1)
    expect((await server.request('{ consumers { name } }', {}, token)).errors).toMatchObject([
      { extensions: { code: 'UNAVAILABLE' } },
    ])
  await onServer(server.databaseUrl, (client) => client.query('ALTER TABLE jobledger.gone RENAME TO consumers'))
  expect(warnings().filter(({ msg }) => msg === 'request failed, can be retried')).toHaveLength(TIMES)
})
