// How often a caller may ask, and how it learns when to come back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const RATES = { RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '5' }
const ASK = '{ __typename }'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { ...PROTECTED, ...RATES } })
})
afterAll(() => server.close())

async function ask(headers: Record<string, string>) {
  const answer = await server.request(ASK, {}, headers)
  return { status: answer.status, error: answer.errors?.[0], headers: answer.headers }
}

describe('a caller', () => {
  it('that asks too often is told when to come back, and is let in then', async () => {
    const ada = await asUser('ada')
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(ada)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12 - refused.length)
    // A token or two may have come in meanwhile.
    expect(refused.length).toBeGreaterThanOrEqual(5)
    expect(refused.length).toBeLessThanOrEqual(7)
    for (const { error, headers } of refused) {
      expect(error).toMatchObject({ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } })
      expect(error?.message).toBe('user:ada asks more than 1 times a second (5 at once); come back in 1 s.')
      expect(headers.get('retry-after')).toBe('1')
      expect(headers.get('ratelimit')).toBe('"caller";r=0;t=1')
      expect(headers.get('ratelimit-policy')).toBe('"caller";q=5;w=5')
    }
    await eventually(async () => expect((await ask(ada)).status).toBe(200))
  })

  it('does not pay for what another one asks', async () => {
    const [brandt, celan] = [await asUser('brandt'), await asUser('celan')]
    await eventually(async () => expect((await ask(brandt)).status).toBe(429))
    expect((await ask(celan)).status).toBe(200)
  })

  it('is told how much is left', async () => {
    const left = async () => /r=(\d+)/.exec((await ask(await asUser('dora'))).headers.get('ratelimit') ?? '')?.[1]
    expect([await left(), await left()]).toEqual(['4', '3'])
  })

  it('without a good credential is counted by its address, and keeps nobody else out', async () => {
    const statuses = new Set<number>()
    for (let times = 0; times < 10; times += 1) statuses.add((await ask({ authorization: 'Bearer nonsense' })).status)
    expect([...statuses].sort()).toEqual([401, 429])
    expect((await ask(await asUser('emil'))).status).toBe(200)
  })
})

describe('a rate of 0', () => {
  it('lets everybody ask as often as they like', async () => {
    const free = await startTestServer({ environment: { RATE_LIMIT_PER_SECOND: '0', RATE_LIMIT_BURST: '1' } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => free.request(ASK)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers[0]?.headers.has('ratelimit')).toBe(false)
    await free.close()
  })
})
