// Query.jobStats over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rollUp } from '../../src/ledger/rollUp.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  await jobIn(server.ledger, 'COMPLETED', { userId: 'ada', preset: 'p' })
  await jobIn(server.ledger, 'FAILED', { userId: 'bob' })
  await passedHorizon(server.ledger)
  expect(await rollUp(server.ledger, 4)).toBe(4)
})
afterAll(() => server.close())

const QUERY = `query ($filter: JobFilter, $from: DateTime!, $to: DateTime!, $bucket: StatsBucket!) {
  jobStats(filter: $filter, from: $from, to: $to, bucket: $bucket) {
    start created started completed failed cancelled medianWaitMs medianProcessingMs p95ProcessingMs } }`
const DAY_MS = 86_400_000
const NOTHING = {
  ...{ created: 0, started: 0, completed: 0, failed: 0, cancelled: 0 },
  ...{ medianWaitMs: null, medianProcessingMs: null, p95ProcessingMs: null },
}

interface Bucket extends Record<keyof typeof NOTHING, number | null> {
  readonly start: string
}

async function ask(variables: object, caller = 'auditor', role: 'USER' | 'AUDITOR' = 'AUDITOR') {
  const now = Date.now()
  const usual = {
    bucket: 'DAY',
    from: new Date(now - DAY_MS).toISOString(),
    to: new Date(now + DAY_MS).toISOString(),
  }
  return server.request<{ jobStats: Bucket[] }>(QUERY, { ...usual, ...variables }, await asUser(caller, role))
}

const sum = (buckets: Bucket[] | undefined, name: keyof typeof NOTHING): number =>
  (buckets ?? []).reduce((total, bucket) => total + (bucket[name] ?? 0), 0)

describe('jobStats', () => {
  it('returns complete buckets in UTC, in order, including empty ones', async () => {
    const variables = { from: '2026-01-01T10:30:00+01:00', to: '2026-01-01T12:00:00Z', bucket: 'HOUR' }
    const { data } = await ask(variables)
    const starts = ['09', '10', '11'].map((hour) => `2026-01-01T${hour}:00:00.000Z`)
    expect(data?.jobStats).toEqual(starts.map((start) => ({ start, ...NOTHING })))
  })

  it.each(['MINUTE', 'HOUR', 'DAY'])('includes the most recent changes, by %s', async (bucket) => {
    const now = Date.now()
    const span = { from: new Date(now - 600_000).toISOString(), to: new Date(now + 60_000).toISOString() }
    const { data } = await ask({ bucket, ...span })
    expect(sum(data?.jobStats, 'created')).toBe(2)
    expect(sum(data?.jobStats, 'started')).toBe(2)
    expect(sum(data?.jobStats, 'completed')).toBe(1)
    expect(sum(data?.jobStats, 'failed')).toBe(1)
    expect(data?.jobStats.some(({ p95ProcessingMs }) => p95ProcessingMs !== null)).toBe(true)
  })

  it.each(['MINUTE', 'HOUR', 'DAY'])('shows a user only its own jobs, by %s', async (bucket) => {
    const now = Date.now()
    const span = { bucket, from: new Date(now - 600_000).toISOString(), to: new Date(now + 60_000).toISOString() }
    const { data } = await ask(span, 'ada', 'USER')
    expect(sum(data?.jobStats, 'completed')).toBe(1)
    expect(sum(data?.jobStats, 'failed')).toBe(0)
    const others = await ask({ ...span, filter: { userId: 'bob' } }, 'ada', 'USER')
    expect(sum(others.data?.jobStats, 'created')).toBe(0)
  })

  it('applies the filter', async () => {
    const { data } = await ask({ filter: { presets: ['p'] } })
    expect(sum(data?.jobStats, 'created')).toBe(1)
  })

  it('refuses too many buckets and an end before the start, with the values it got', async () => {
    const many = await ask({ from: '2026-01-01T00:00:00Z', to: '2026-01-03T00:00:00Z', bucket: 'MINUTE' })
    expect(many.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['to'] }] } }])
    expect(many.errors?.[0]?.message).toContain('at most 1500 buckets of one MINUTE (got 2880)')
    const reversed = await ask({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' })
    expect(reversed.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
