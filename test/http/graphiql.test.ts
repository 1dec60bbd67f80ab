// The page for people: it must work on a machine that reaches nothing but this server, and its examples must run.
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSubscription } from '../../src/client/openSubscription.ts'
import { schema } from '../../src/graphql/schema.ts'
import { graphiqlTabs } from '../../src/http/graphiqlTabs.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

// biome-ignore lint/suspicious/noExplicitAny: the examples are text, so nothing knows the types of their answers
type Loose = any

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.close())

describe('GraphiQL', () => {
  it('is served to browsers with the three examples, and loads nothing from elsewhere', async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html'])
    const page = await response.text()
    for (const { query } of graphiqlTabs(true)) expect(page).toContain(JSON.stringify(query).slice(1, -1))
    expect(page).not.toMatch(/<script[^>]+src=["']?https?:/)
    expect(page).not.toMatch(/<link[^>]+href=["']?https?:/)
  })

  it('is not what a program gets', async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'application/json' } })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  })
})

describe('the examples', () => {
  it('fit the schema', () => {
    expect(graphiqlTabs(true)).toHaveLength(4)
    for (const { query } of graphiqlTabs(true)) expect(validate(schema, parse(query))).toEqual([])
  })

  it('create a job, take it through its life and show its history', async () => {
    const [create, life] = graphiqlTabs(true)
    const created = await server.request<Loose>(create?.query ?? '')
    expect(created.data.createJob).toMatchObject({ __typename: 'CreateJobSuccess', created: true })
    const jobId = created.data.createJob.job.jobId
    const worked = await operation(life?.query ?? '', 'WorkOnJob', { jobId })
    expect(worked).toMatchObject({
      started: { record: { sequence: 2, newState: 'PROCESSING' } },
      completed: { record: { sequence: 3, newState: 'COMPLETED' } },
    })
    const { job } = await operation(life?.query ?? '', 'JobHistory', { jobId })
    expect(job.stateHistory.nodes.map((record: { newState: string }) => record.newState)).toEqual([
      'PENDING',
      'PROCESSING',
      'COMPLETED',
    ])
    expect(job.result).toMatchObject({ status: 'SUCCESS', output: { pages: 12 } })
  })

  it('list failed jobs with the record and the result that say why', async () => {
    const { jobId } = (
      await server.request<Loose>(
        'mutation { createJob(input: { content: "x" }) { ... on CreateJobSuccess { job { jobId } } } }',
      )
    ).data.createJob.job
    await server.request(
      'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) { __typename } }',
      { id: jobId },
    )
    await server.request(
      'mutation ($id: ID!) { failJob(input: { jobId: $id, errorMessage: "no disk", reason: "gave up" }) { __typename } }',
      { id: jobId },
    )
    const failed = graphiqlTabs(true)[2]
    const { data } = await server.request<Loose>(failed?.query ?? '')
    expect(data.jobs.nodes).toMatchObject([
      {
        jobId,
        stateHistory: { nodes: [{ sequence: 3, reason: 'gave up' }] },
        result: { status: 'ERROR', errorMessage: 'no disk' },
      },
    ])
  })
})

describe('the example of a subscription', () => {
  it('tells of a job that is created while it is open', async () => {
    await passedHorizon(server.ledger)
    const stop = new AbortController()
    const query = graphiqlTabs(true)[3]?.query ?? ''
    const results = await openSubscription<Loose>(
      `${server.url}/graphql`,
      { query },
      { headers: {}, signal: stop.signal },
    )
    const first = results.next()
    await server.request('mutation { createJob(input: { content: "x" }) { __typename } }')
    const { value } = await first
    expect((value as { data: Loose }).data.jobEvents).toMatchObject({ record: { sequence: 1, newState: 'PENDING' } })
    stop.abort()
  })
})

async function operation(query: string, operationName: string, variables: object): Promise<Loose> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, operationName, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Loose; errors?: unknown }
  expect(errors).toBeUndefined()
  return data
}
