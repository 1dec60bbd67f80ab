// Responses that are too large: refused while the database still sends them, and before one string
// is written many times.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJobs } from '../../src/ledger/createJob.ts'
import { ACTOR, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const LIMIT = 2 * 1024 * 1024

let server: TestServer
let large: string

beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_RESPONSE_BYTES: String(LIMIT) } })
  const inputs = Array.from({ length: 100 }, () => ({ userId: 'u', content: 'c'.repeat(200_000) }))
  await createJobs(server.ledger, inputs, ACTOR)
  large = (
    await newJob(server.ledger, { userId: 'v', content: 'x'.repeat(1_000_000), metadata: { a: 'y'.repeat(60_000) } })
  ).id
}, 120_000)
afterAll(() => server.close())

const REFUSED = [
  {
    message: `The response would exceed the limit of ${LIMIT} bytes. Request smaller pages or fewer large fields (content, output, metadata).`,
    extensions: { code: 'BAD_USER_INPUT', limit: LIMIT },
  },
]

describe('a response that is too large', () => {
  it.each([
    ['a page of large jobs', '{ jobs(first: 100) { nodes { content } } }'],
    [
      'one text under many names',
      `{ job(id: "$ID") { ${Array.from({ length: 3 }, (_, n) => `c${n}: content`).join(' ')} } }`,
    ],
    [
      'one JSON under many names',
      `{ job(id: "$ID") { ${Array.from({ length: 40 }, (_, n) => `m${n}: metadata`).join(' ')} } }`,
    ],
    [
      'many lists at once',
      `{ ${Array.from({ length: 20 }, (_, n) => `l${n}: jobs(first: 5) { nodes { content } }`).join(' ')} }`,
    ],
  ])('is refused: %s', async (_, query) => {
    const { errors, data } = await server.request(query.replace('$ID', large))
    expect(errors).toEqual(REFUSED)
    expect(data).toBeUndefined()
  })

  it('is aborted while it is read: the server uses less memory than the size of the response', async () => {
    await server.request('{ jobs(first: 1) { nodes { content } } }')
    const before = process.memoryUsage().rss
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { errors } = await server.request('{ jobs(first: 100) { nodes { content } } }')
        expect(errors).toEqual(REFUSED)
      }),
    )
    // Four times 20 MB, each at least twice in memory if it is read completely.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })
})

describe('a response within the limit', () => {
  it('is sent', async () => {
    const { data, errors } = await server.request(`{ job(id: "${large}") { content } jobs(first: 3) { nodes { id } } }`)
    expect(errors).toBeUndefined()
    expect(data.job.content).toHaveLength(1_000_000)
  })
})
