// Refused requests. Each response is JSON with an error message and a matching status.
import { randomInt } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { withoutContent } from '../../src/log.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_NAME_CHARACTERS: '330' } })
})
afterAll(() => server.close())

const CREATE = '{"query":"mutation { createJob(input: { content: \\"x\\" }) { __typename } }"}'

function post(body: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${server.url}/graphql`, { method: 'POST', headers, body })
}

const jobs = () => server.ledger.prisma.job.count()

describe('a media type', () => {
  it.each([
    ['text/plain', 'The body must be JSON in UTF-8: send it with the header Content-Type: application/json.'],
    ['application/json; charset=utf-16', 'The body must be JSON in UTF-8'],
  ])('of the body is refused with 415 and a message: %s', async (type, message) => {
    const response = await post(CREATE, { 'content-type': type })
    expect([response.status, response.headers.get('accept-post')]).toEqual([415, 'application/json'])
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual({
      errors: [{ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  it.each(['text/html', 'application/xml, image/*', 'application/json; charset=latin1'])(
    'in Accept is refused with 406 before the mutation runs: %s',
    async (accept) => {
      const before = await jobs()
      for (const type of ['application/json', 'application/graphql+json']) {
        const response = await post(CREATE, { 'content-type': type, accept })
        expect(response.status).toBe(406)
        expect(await response.json()).toEqual({
          errors: [
            {
              message: expect.stringMatching(
                /^The header Accept must allow application\/json or application\/graphql-response\+json or/,
              ),
              extensions: { code: 'BAD_USER_INPUT' },
            },
          ],
        })
      }
      expect(await jobs()).toBe(before)
    },
  )

  it('in Accept is refused with 406 for a subscription if it is JSON only', async () => {
    const body = '{"query":"subscription { jobEvents { cursor } }"}'
    const response = await post(body, { 'content-type': 'application/json', accept: 'application/json' })
    expect([response.status, await response.json()]).toEqual([
      406,
      {
        errors: [
          { message: 'The header Accept must allow text/event-stream.', extensions: { code: 'BAD_USER_INPUT' } },
        ],
      },
    ])
  })
})

it('forbids caching and content sniffing in every response', async () => {
  const json = { 'content-type': 'application/json' }
  const answers = await Promise.all([
    post('{"query":"{ __typename }"}', json),
    post('{"query":"{ __typename }"}', { 'content-type': 'application/graphql+json' }),
    post('nonsense', json),
    fetch(`${server.url}/nowhere`),
    fetch(`${server.url}/livez`),
  ])
  for (const { headers } of answers) {
    expect([headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual(['nosniff', 'no-store'])
    expect(headers.get('content-type')).toMatch(/json; charset=utf-8$/)
  }
})

it.each(['2026-11-27T19:30:00', '2026-11-27', 'yesterday', 7])(
  'refuses the instant %s and requires an offset',
  async (from) => {
    const query = 'query ($from: DateTime) { jobs(filter: { createdAfter: $from }) { nodes { jobId } } }'
    const { errors } = await server.request(query, { from })
    expect(errors?.[0]?.message).toContain(
      `A DateTime must be an instant of RFC 3339 with an offset, such as "2026-11-27T19:30:00Z" or "2026-11-27T20:30:00+01:00" (got ${JSON.stringify(from)}).`,
    )
  },
)

describe('an internal error', () => {
  it('has the status 500 without data, and 200 with partial data', async () => {
    const query = vi.spyOn(server.database.pool, 'query').mockRejectedValue(new Error('a bug'))
    const part = 'job(id: "01890000-0000-7000-8000-000000000000") { jobId }'
    expect(await server.request(`{ ${part} }`)).toMatchObject({
      status: 500,
      errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    })
    expect(await server.request(`{ ${part} __typename }`)).toMatchObject({ status: 200, data: { __typename: 'Query' } })
    query.mockRestore()
  })
})

describe('LIMIT_NAME_CHARACTERS', () => {
  it('has a maximum at which the longest names can be stored', async () => {
    // Random characters of four bytes, so that PostgreSQL cannot compress them.
    const name = () => Array.from({ length: 330 }, () => String.fromCodePoint(randomInt(0x2_0000, 0x2_a6d0))).join('')
    const input = { content: 'x', userId: name(), idempotencyKey: name(), preset: name() }
    const query = 'mutation ($input: CreateJobInput!) { createJob(input: $input) { __typename } }'
    const { data } = await server.request(query, { input })
    expect(data.createJob.__typename).toBe('CreateJobSuccess')
  })

  it.each([
    ['LIMIT_NAME_CHARACTERS', '331', 'from 1 to 330'],
    ['LIMIT_OUTPUT_BYTES', '134217729', 'from 1 to 134217728'],
    ['LIMIT_BODY_BYTES', '268435457', 'from 1024 to 268435456'],
    ['JOB_RETRY_MAX_MS', '9999', 'JOB_RETRY_MAX_MS must not be less than JOB_RETRY_BASE_MS.'],
  ])('and similar limits must not exceed what the database can store: %s=%s', (variable, value, message) => {
    expect(() => parseConfig({ [variable]: value })).toThrow(ConfigError)
    expect(() => parseConfig({ [variable]: value })).toThrow(message)
  })
})

describe('a violated constraint', () => {
  const SQL = `INSERT INTO api_keys (id, name, key_hash, roles, user_id)
    VALUES ('01890000-0000-7000-8000-000000000000', 'hush-hush', 'short', '{USER}', 'hush-hush')`

  it('is logged without the content of the row, from pg and from Prisma', async () => {
    const lines: string[] = []
    const log = pino({ serializers: { err: withoutContent } }, { write: (line: string) => void lines.push(line) })
    const failures = [
      await server.database.pool.query(SQL).catch((error: unknown) => error),
      await server.ledger.prisma.$executeRawUnsafe(SQL).catch((error: unknown) => error),
    ]
    for (const err of failures) {
      log.error({ err }, 'request failed')
      log.error({ err: new Error('request failed', { cause: err }) }, 'request failed')
    }
    expect(lines.filter((line) => line.includes('ck_api_keys'))).toHaveLength(4)
    expect(lines.join()).not.toContain('hush-hush')
  })
})
