// Variables as large as the limits allow, and the cost of refusing them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: { AUTH: 'open', NODE_ENV: 'production' } })
})
afterAll(() => server.close())

const repeat = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ')

describe('metadata that is too large', () => {
  const metadata = { list: Array.from({ length: 300_000 }, () => 1) }

  /** Processor time in milliseconds, which does not depend on the load of the machine. */
  async function workFor(fields: number): Promise<number> {
    const query = `query ($m: JSONObject) {
      ${repeat(fields, (n) => `f${n}: jobs(first: 1, filter: { metadata: $m }) { nodes { id } }`)} }`
    const before = process.cpuUsage()
    const { errors } = await server.request(query, { m: metadata })
    const { user, system } = process.cpuUsage(before)
    expect(errors?.[0]?.message).toBe('metadata: must have at most 65536 bytes of JSON (got 600010).')
    return (user + system) / 1000
  }

  it('is checked once, however many fields use its variable', async () => {
    await workFor(1)
    expect(await workFor(30)).toBeLessThan(10 * (await workFor(1)))
  })
})

describe('a body', () => {
  const withMembers = (count: number): object => ({
    m: Object.fromEntries(Array.from({ length: count }, (_, n) => [n, 1])),
  })
  const REFUSED = 'The body must have at most 60000 JSON objects and object members (got 60001).'

  it('can have 60,000 objects and members of objects', async () => {
    const query = 'query ($m: JSONObject) { jobCount(filter: { metadata: $m }) }'
    // The body, its two members, the variables, the variable and its object count too.
    expect((await server.request(query, withMembers(59_994))).errors?.[0]?.message).toContain(
      'must have at most 65536 bytes',
    )
    expect((await server.request(query, withMembers(59_995))).errors?.[0]?.message).toBe(REFUSED)
  })

  it('can contain a batch of 1,000 jobs with 50 members of metadata each', async () => {
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key${n}`, n]))
    const inputs = Array.from({ length: 1000 }, () => ({ userId: 'u', content: 'c', metadata: fields }))
    const { data, errors } = await server.request(
      'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename } }',
      { inputs },
    )
    expect(errors).toBeUndefined()
    expect(data.createJobs).toHaveLength(1000)
  })

  it('can contain an output of 1 MiB', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const output = Array.from({ length: 524_287 }, () => 1)
    const { data, errors } = await server.request(
      'mutation ($id: ID!, $output: JSON) { completeJob(input: { jobId: $id, output: $output }) { __typename } }',
      { id, output },
    )
    expect([data, errors]).toEqual([{ completeJob: { __typename: 'TransitionJobSuccess' } }, undefined])
  })
})
