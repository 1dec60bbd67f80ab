// The rate limit of callers, and how they learn when to retry.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { KEY_TTL_MS } from '../../src/access/authenticate.ts'
import { asUser, bearer, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'
import { onServer } from '../support/testRun.ts'

const RATES = { RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '5' }
const ASK = '{ __typename }'

let server: TestServer
let log: StatementLog

beforeAll(async () => {
  server = await startTestServer({ environment: { ...PROTECTED, ...RATES } })
  log = logStatements(server)
})
afterAll(() => server.close())

async function ask(headers: Record<string, string>) {
  const answer = await server.request(ASK, {}, headers)
  return { status: answer.status, error: answer.errors?.[0], headers: answer.headers }
}

describe('a caller', () => {
  it('that exceeds the limit learns when to retry, and is admitted then', async () => {
    const ada = await asUser('ada')
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(ada)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12 - refused.length)
    // The bucket may have been refilled by a token or two meanwhile.
    expect(refused.length).toBeGreaterThanOrEqual(5)
    expect(refused.length).toBeLessThanOrEqual(7)
    for (const { error, headers } of refused) {
      expect(error).toMatchObject({ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } })
      expect(error?.message).toBe('user:ada exceeded the rate limit of 1 requests per second (burst 5). Retry in 1 s.')
      expect(headers.get('retry-after')).toBe('1')
      expect(headers.get('ratelimit')).toBe('"caller";r=0;t=1')
      expect(headers.get('ratelimit-policy')).toBe('"caller";q=5;w=5')
    }
    await eventually(async () => expect((await ask(ada)).status).toBe(200))
  })

  it('is not limited by the requests of another caller', async () => {
    const [brandt, celan] = [await asUser('brandt'), await asUser('celan')]
    await eventually(async () => expect((await ask(brandt)).status).toBe(429))
    expect((await ask(celan)).status).toBe(200)
  })

  it('gets the remaining requests, and the time of the next one if none remain', async () => {
    const dora = await asUser('dora')
    const left = async () => (await ask(dora)).headers.get('ratelimit')
    expect([await left(), await left()]).toEqual(['"caller";r=4;t=0', '"caller";r=3;t=0'])
    await eventually(async () => {
      const { status, headers } = await ask(dora)
      expect([status, headers.get('ratelimit')]).toEqual([200, '"caller";r=0;t=1'])
    })
  })

  it('without a valid credential is limited by its address, without effect on others', async () => {
    const statuses = new Set<number>()
    for (let times = 0; times < 10; times += 1) statuses.add((await ask({ authorization: 'Bearer nonsense' })).status)
    expect([...statuses].sort()).toEqual([401, 429])
    expect((await ask(await asUser('emil'))).status).toBe(200)
  })
})

describe('an attacker who guesses API keys', () => {
  const anyKey = () => bearer(`jl_${randomBytes(32).toString('base64url')}`)

  /** Number of look-ups of keys in the database meanwhile. */
  async function lookUps(work: () => Promise<unknown>): Promise<number> {
    return (await log.during(work)).filter((text) => /^SELECT .* FROM "public"\."api_keys"/.test(text)).length
  }

  /**
   * Sends requests until an address without a valid credential has none left. Resolves to a time
   * after which it has less than one, plus one for each second.
   */
  async function exhaust(): Promise<number> {
    return await eventually(async () => {
      const askedAt = performance.now()
      expect((await ask({ authorization: 'Bearer nonsense' })).status).toBe(429)
      return askedAt
    })
  }

  it.each(['all at once', 'one by one'])('%s causes at most as many look-ups as the limit allows', async (how) => {
    const exhaustedAt = await exhaust()
    const statuses: number[] = []
    const attempt = async () => void statuses.push((await ask(anyKey())).status)
    const asked = await lookUps(async () => {
      if (how === 'all at once') await Promise.all(Array.from({ length: 40 }, attempt))
      else for (let times = 0; times < 40; times += 1) await attempt()
    })
    const tokens = 1 + (performance.now() - exhaustedAt) / 1000
    const failures = statuses.filter((status) => status === 401).length
    expect(failures).toBeLessThan(tokens)
    // Prisma looks up keys that arrive together in one statement.
    expect(asked).toBeLessThanOrEqual(failures)
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - failures)
  })

  it('is limited even while the database cannot look up keys', async () => {
    await onServer(server.databaseUrl, (client) => client.query('ALTER TABLE api_keys RENAME TO mislaid'))
    const statuses = new Set<number>()
    await eventually(async () => {
      statuses.add((await ask(anyKey())).status)
      expect([...statuses].sort()).toEqual([429, 503])
    })
    await onServer(server.databaseUrl, (client) => client.query('ALTER TABLE mislaid RENAME TO api_keys'))
  })

  it('does not affect callers with valid keys at the same address', async () => {
    const { key } = await createApiKey(server.ledger.prisma, { name: 'good', roles: ['AUDITOR'] })
    await eventually(async () => expect((await ask(bearer(key))).status).toBe(200))
    const startedAt = performance.now()
    const statuses = new Set<number>()
    // Longer than the key is cached, so that it is looked up again meanwhile.
    while (performance.now() - startedAt < KEY_TTL_MS + 2500) {
      await exhaust()
      const { status, error } = await ask(bearer(key))
      // Its own requests count as well.
      if (!error?.message.startsWith('key:good exceeded the rate limit')) statuses.add(status)
    }
    expect([...statuses]).toEqual([200])
  }, 60_000)

  it('is distinguished from many callers who start to use valid keys at once', async () => {
    const cold = await startTestServer({ environment: { ...PROTECTED, ...RATES }, databaseUrl: server.databaseUrl })
    const names = Array.from({ length: 20 }, (_, n) => `cold-${n}`)
    const keys = await Promise.all(
      names.map((name) => createApiKey(server.ledger.prisma, { name, roles: ['AUDITOR'] }).then(({ key }) => key)),
    )
    const answers = await Promise.all(keys.map((key) => cold.request(ASK, {}, bearer(key))))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    await cold.close()
  })
})

describe('a rate of 0', () => {
  it('sets no limit', async () => {
    const free = await startTestServer({ environment: { RATE_LIMIT_PER_SECOND: '0', RATE_LIMIT_BURST: '1' } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => free.request(ASK)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers[0]?.headers.has('ratelimit')).toBe(false)
    await free.close()
  })
})
