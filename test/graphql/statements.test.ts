// The number of SQL statements of a request, and the columns that they read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiResponse } from '../../src/client/sendOperation.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

const JOBS = 25

describe.each(['true', 'false'])('with DATABASE_PREPARED_STATEMENTS=%s', (prepared) => {
  let server: TestServer
  let log: StatementLog

  beforeAll(async () => {
    server = await startTestServer({ environment: { DATABASE_PREPARED_STATEMENTS: prepared } })
    log = logStatements(server)
    for (let made = 0; made < JOBS; made += 1) {
      const job = await jobIn(server.ledger, 'PROCESSING')
      if (made % 2) await completeJob(server.ledger, { jobId: job.id, actor: 'worker', output: { made } })
    }
  })

  afterAll(() => server.close())

  async function ask(query: string, variables: object = {}) {
    // biome-ignore lint/suspicious/noExplicitAny: every query has a response of its own shape
    const answers: ApiResponse<any>[] = []
    const statements = await log.during(async () => {
      answers.push(await server.request(query, variables))
    })
    expect(answers[0]?.errors).toBeUndefined()
    return { data: answers[0]?.data, statements }
  }

  const NODE = 'state stateHistory(last: 1) { nodes { newState reason } } result { status output }'

  it.each([
    ['nodes', `{ jobs(first: 20) { nodes { id ${NODE} } pageInfo { hasNextPage endCursor } } }`],
    ['edges', `{ jobs(first: 20) { edges { cursor node { id ${NODE} } } pageInfo { hasNextPage hasPreviousPage } } }`],
    [
      'fragments that both name edges',
      `{ jobs(first: 20) { ...a ...b } }
      fragment a on JobConnection { edges { node { id state } } }
      fragment b on JobConnection { edges { cursor node { ${NODE} } } }`,
    ],
    ['a page from the end', `{ jobs(last: 20) { nodes { id ${NODE} } pageInfo { hasPreviousPage hasNextPage } } }`],
    [
      'records with their jobs',
      '{ jobs: jobStateRecords(first: 20) { nodes { id newState job { id state userId } } } }',
    ],
    ['another order', `{ jobs(first: 20, orderBy: { field: UPDATED_AT, direction: ASC }) { nodes { id ${NODE} } } }`],
  ])('reads a page by one statement: %s', async (_, query) => {
    const { data, statements } = await ask(query)
    const { nodes, edges } = data.jobs
    expect((nodes ?? edges).length).toBeGreaterThanOrEqual(12)
    expect(statements).toHaveLength(1)
  })

  it('reads one job with its complete history and result in one statement', async () => {
    const { id } = await newJob(server.ledger)
    for (const field of ['job', 'node']) {
      const { data, statements } = await ask(
        `query ($id: ID!) { ${field}(id: $id) { ... on Job { ${NODE} stateHistory { nodes { sequence } totalCount } } } }`.replace(
          'stateHistory(last: 1)',
          'latest: stateHistory(last: 1)',
        ),
        { id },
      )
      expect(data[field].stateHistory.totalCount).toBe(1)
      expect(statements.length).toBeLessThanOrEqual(2)
    }
    const { statements } = await ask(`query ($id: ID!) { job(id: $id) { ${NODE} } }`, { id })
    expect(statements).toHaveLength(1)
  })

  it.each(['job', 'node', 'nodes'])('reads a job by hand-written SQL: %s', async (field) => {
    const { id } = await newJob(server.ledger)
    const argument = field === 'nodes' ? 'ids: [$id]' : 'id: $id'
    const { statements } = await ask(`query ($id: ID!) { ${field}(${argument}) { ... on Job { ${NODE} } } }`, { id })
    expect(statements).toEqual([expect.stringContaining(' FROM jobs WHERE jobs.id = ')])
  })

  it('counts only if totalCount is selected', async () => {
    const { data, statements } = await ask('{ jobs(first: 5) { totalCount nodes { id } } }')
    expect(data.jobs.totalCount).toBeGreaterThanOrEqual(JOBS)
    expect(statements).toHaveLength(2)
    expect(statements.filter((text) => /COUNT/i.test(text))).toHaveLength(1)
  })

  it('does not read content unless it is selected', async () => {
    const without = await ask('{ jobs(first: 5) { nodes { id state } } }')
    expect(without.statements.join()).not.toContain('content')
    const withContent = await ask('{ jobs(first: 5) { nodes { id content } } }')
    expect(withContent.statements.join()).toContain('jobs.content')
  })

  it('creates a job in one statement', async () => {
    const { data, statements } = await ask(
      'mutation { createJob(input: { content: "one" }) { ... on CreateJobSuccess { created job { id state content createdAt } } } }',
    )
    expect(data.createJob.created).toBe(true)
    expect(statements).toHaveLength(1)
  })

  it('makes a transition in one statement', async () => {
    const { id } = await newJob(server.ledger)
    const { data, statements } = await ask(
      `mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) {
        ... on TransitionJobSuccess { job { id state version startedAt allowedTransitions } } } }`,
      { id },
    )
    expect(data.transitionJob.job).toMatchObject({ state: 'PROCESSING', version: 2 })
    expect(statements).toHaveLength(1)
  })

  it('completes a job and sets its result in one statement', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const { data, statements } = await ask(
      'mutation ($id: ID!) { completeJob(input: { jobId: $id, output: 1 }) { ... on TransitionJobSuccess { job { state } } } }',
      { id },
    )
    expect(data.completeJob.job.state).toBe('COMPLETED')
    expect(statements).toHaveLength(1)
  })

  it('creates a thousand jobs and makes a thousand transitions in one statement each', async () => {
    const inputs = Array.from({ length: 1000 }, (_, number) => ({ content: `job ${number}` }))
    const created = await ask(
      'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { ... on CreateJobSuccess { job { jobId } } } }',
      { inputs },
    )
    expect(created.statements).toHaveLength(1)
    const jobIds: string[] = created.data.createJobs.map((one: { job: { jobId: string } }) => one.job.jobId)
    const moved = await ask(
      'mutation ($inputs: [TransitionJobInput!]!) { transitionJobs(inputs: $inputs) { ... on TransitionJobSuccess { job { state } } } }',
      { inputs: jobIds.map((jobId) => ({ jobId, to: 'PROCESSING' })) },
    )
    expect(moved.statements).toHaveLength(1)
    expect(new Set(moved.data.transitionJobs.map((one: { job: { state: string } }) => one.job.state))).toEqual(
      new Set(['PROCESSING']),
    )
  })

  it('returns correct results for aliases with different arguments', async () => {
    const { data } = await ask(`{ jobs(last: 2) {
      edges { node { jobId h: stateHistory(first: 1) { nodes { sequence } } } }
      nodes { jobId h: stateHistory(last: 1) { nodes { sequence } } version g: stateHistory(first: 1) { nodes { sequence } } } } }`)
    for (const [index, node] of data.jobs.nodes.entries()) {
      expect(node.h.nodes).toEqual([{ sequence: node.version }])
      expect(node.g.nodes).toEqual([{ sequence: 1 }])
      expect(data.jobs.edges[index].node).toEqual({ jobId: node.jobId, h: { nodes: [{ sequence: 1 }] } })
    }
  })
})
