// Malformed requests: BAD_USER_INPUT, never INTERNAL_SERVER_ERROR, never a stack trace.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let jobId: string
beforeAll(async () => {
  server = await startTestServer()
  jobId = (await newJob(server.ledger)).id
})
afterAll(() => server.close())

async function refused(query: string, variables: object = {}): Promise<string> {
  const answer = await server.request(query, variables)
  expect(answer.status).toBeLessThan(500)
  const [error] = answer.errors ?? []
  expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(JSON.stringify(answer.errors)).not.toMatch(/\\n +at |node_modules|[Pp]risma|SELECT /)
  return error?.message ?? ''
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('ids', () => {
  it.each([
    '',
    'nope',
    '123',
    '00000000-0000-0000-0000-00000000000',
    base64('Job:nope'),
    base64('Colour:1'),
    base64('__proto__:1'),
    base64('JobStateRecord:1.5'),
    base64('JobStateRecord:9'.padEnd(40, '9')),
    '\0',
    '💥'.repeat(1000),
  ])('"%s" is no id', async (id) => {
    const message = await refused('query ($id: ID!) { node(id: $id) { id } }', { id })
    expect(message).toContain(' is not an id. Pass the `id` that an object has in this API, or the UUID of a job.')
    const ofJob = await refused('query ($id: ID!) { job(id: $id) { id } }', { id })
    expect(ofJob).toMatch(/^id: must be the id of a job \(got /)
  })

  it('of other types are refused as job ids', async () => {
    const id = base64('JobStateRecord:1')
    expect(await refused('query ($id: ID!) { job(id: $id) { id } }', { id })).toBe(
      `id: must be the id of a job (got "${id}").`,
    )
    const message = await refused('query ($ids: [ID!]) { jobs(filter: { ids: $ids }) { nodes { id } } }', { ids: [id] })
    expect(message).toBe(`ids.0: must be the id of a job (got "${id}").`)
  })
})

describe('pages', () => {
  it.each([
    ['first: 101', 'first: must be an integer from 0 to 100 (got 101).'],
    ['last: 1000000000', 'last: must be an integer from 0 to 100 (got 1000000000).'],
    ['first: -1', 'first: must be an integer from 0 to 100 (got -1).'],
    ['first: 1, last: 1', 'first: must not be combined with "last" (got first: 1, last: 1).'],
    [
      'after: "nope"',
      'after: is not a cursor (got "nope"). Pass a cursor of this list, such as `pageInfo.endCursor`, or leave it out to start at the first page.',
    ],
    [
      'before: ""',
      'before: is not a cursor (got ""). Pass a cursor of this list, such as `pageInfo.startCursor`, or leave it out to end at the last page.',
    ],
  ])('with %s are refused', async (args, message) => {
    for (const list of ['jobs', 'jobStateRecords', 'stuckJobs']) {
      expect(await refused(`{ ${list}(${args}) { nodes { id } } }`)).toBe(message)
    }
    await refused(`query ($id: ID!) { job(id: $id) { stateHistory(${args}) { nodes { id } } } }`, { id: jobId })
  })

  it('with a cursor of a different order are refused', async () => {
    const { data } = await server.request('{ jobs(first: 1) { pageInfo { endCursor } } }')
    const message = await refused(
      'query ($after: String) { jobs(after: $after, orderBy: { field: UPDATED_AT }) { nodes { id } } }',
      {
        after: data.jobs.pageInfo.endCursor,
      },
    )
    expect(message).toContain('belongs to the order jobs.CREATED_AT desc; this list is ordered by jobs.UPDATED_AT desc')
    await refused('query ($after: String) { jobs(after: $after, orderBy: { direction: ASC }) { nodes { id } } }', {
      after: data.jobs.pageInfo.endCursor,
    })
  })
})

describe('values', () => {
  const FILTER = 'query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }'

  it.each([
    { states: ['SLEEPING'] },
    { states: 'nope' },
    { userId: 7 },
    { userId: '' },
    { userId: 'x\0' },
    { presets: Array.from({ length: 101 }, () => 'p') },
    { createdAfter: 'yesterday' },
    { createdAfter: '2026-02-30T00:00:00Z' },
    { createdAfter: '2026-02-03' },
    { metadata: [] },
    { metadata: 'text' },
    { metadata: { text: '\ud800' } },
    { colour: 'red' },
  ])('the filter %j is refused', async (filter) => {
    await refused(FILTER, { filter })
  })

  it('of metadata that are not objects are refused, and null means no metadata', async () => {
    const create =
      'mutation ($metadata: JSONObject) { createJob(input: { content: "x", metadata: $metadata }) { __typename } }'
    for (const metadata of [[], 'text', 7, true]) await refused(create, { metadata })
    const { data } = await server.request(create, { metadata: null })
    expect(data.createJob.__typename).toBe('CreateJobSuccess')
  })

  it.each(['2036-03-01T18:29:59.999Z', '2036-03-01T23:59:59.999+05:30', '2036-03-01T06:29:59.999-12:00'])(
    'of time are accepted with an offset and returned in UTC with milliseconds: %s',
    async (runAt) => {
      const { data } = await server.request(
        'mutation ($runAt: DateTime) { createJob(input: { content: "x", runAt: $runAt }) { ... on CreateJobSuccess { job { runAt } } } }',
        { runAt },
      )
      expect(data.createJob.job.runAt).toBe('2036-03-01T18:29:59.999Z')
    },
  )
})

describe('documents', () => {
  it.each([
    ['that do not parse', '{ jobs {'],
    ['that are empty', ''],
    ['with unknown fields', '{ jobz }'],
    ['without selections', '{ jobs }'],
    ['with unknown arguments', '{ jobs(top: 3) { nodes { id } } }'],
    ['that lack a variable', 'query ($id: ID!) { job(id: $id) { id } }'],
    ['with a circle of fragments', '{ jobs { ...a } } fragment a on JobConnection { ...a }'],
    ['with two anonymous operations', '{ jobCount } { jobCount }'],
  ])('%s are refused', async (_, query) => {
    await refused(query)
  })

  it('with JSON nested deeper than a hundred levels are refused', async () => {
    const nested = (depth: number): object => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as object
    const create = `mutation ($metadata: JSONObject) { createJob(input: { content: "x", metadata: $metadata }) {
      __typename ... on InvalidInput { message } } }`
    const kind = async (depth: number) => (await server.request(create, { metadata: nested(depth) })).data.createJob
    expect(await kind(100)).toEqual({ __typename: 'CreateJobSuccess' })
    expect(await kind(101)).toEqual({
      __typename: 'InvalidInput',
      message: 'metadata: must have at most 100 levels of nesting.',
    })
    expect(await kind(190)).toMatchObject({ __typename: 'InvalidInput' })
    const { errors } = await server.request(create, { metadata: nested(2000) })
    expect(errors).toMatchObject([
      {
        message: 'The body must be JSON with at most 200 levels of nesting.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ])
  })
})
