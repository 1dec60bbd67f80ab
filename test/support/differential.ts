// Compares the responses of plans with those of the executor: two servers on one database, of which
// one answers without plans.
import fc from 'fast-check'
import pg from 'pg'
import { expect } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { asUser, bearer, PROTECTED, tokenOf } from './credentials.ts'
import { randomQuery } from './randomQueries.ts'
import { startTestServer, type TestServer } from './server.ts'
import { fillVaried } from './variedLedger.ts'

export interface Differential {
  readonly databaseUrl: string
  readonly jobIds: readonly string[]
  /** Sends random queries as callers of each role. */
  compareRandom(count: number, seed: number): Promise<void>
  /** Sends a query as ADMIN. Resolves to its response. */
  // biome-ignore lint/suspicious/noExplicitAny: each query has data of its own
  compare(query: string, variables?: object): Promise<{ data: any; errors?: { message: string }[] }>
  close(): Promise<void>
}

const ROOT_FIELDS = [
  'job',
  'jobs',
  'jobs',
  'jobStateRecords',
  'stuckJobs',
  'node',
  'nodes',
  'jobCount',
  'jobCountsByState',
]

const ROLES = ['USER', 'WORKER', 'AUDITOR', 'ADMIN'] as const

export async function startDifferential(): Promise<Differential> {
  const environment = { ...PROTECTED, LIMIT_DOCUMENT_DEPTH: '60' }
  const planned = await startTestServer({ environment })
  const executed = await startTestServer({ environment, databaseUrl: planned.databaseUrl, plansQueries: false })
  const session = new pg.Client({ connectionString: planned.databaseUrl })
  await session.connect()
  const { jobIds } = await fillVaried(planned.ledger, session)
  await session.end()
  const pool = await argumentPool(planned, jobIds)
  const claims = { exp: Math.floor(Date.now() / 1000) + 3600 }
  const callers = await Promise.all(ROLES.map(async (role) => bearer(await tokenOf('ada', { roles: [role], claims }))))
  const compareAs = async (query: string, variables: object, headers: Record<string, string>): Promise<string> => {
    const body = JSON.stringify({ query, variables })
    const [actual, expected] = await Promise.all([planned, executed].map((server) => responseOf(server, body, headers)))
    expect(actual, `${query} ${JSON.stringify(variables)}`).toEqual(expected)
    return (actual as { text: string }).text
  }
  return {
    databaseUrl: planned.databaseUrl,
    jobIds,
    async compareRandom(count, seed) {
      const queries = fc.sample(randomQuery({ schema, rootFields: ROOT_FIELDS, pool }), { numRuns: count, seed })
      for (const [index, { query, variables }] of queries.entries())
        await compareAs(query, variables, callers[index % callers.length] as Record<string, string>)
    },
    compare: async (query, variables = {}) =>
      JSON.parse(await compareAs(query, variables, callers.at(-1) as Record<string, string>)),
    async close() {
      await executed.close()
      await planned.close()
    },
  }
}

async function responseOf(server: TestServer, body: string, headers: Record<string, string>) {
  const accept = 'application/graphql-response+json'
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body,
  })
  // Each server counts the requests of a caller, and names its requests.
  const text = (await response.text()).replace(/"requestId":"[^"]*"/, '"requestId":""')
  return { status: response.status, type: response.headers.get('content-type'), text }
}

/** Values for all arguments, valid and not. */
async function argumentPool(server: TestServer, jobIds: readonly string[]) {
  const { data } = await server.request(
    `{ jobs(first: 100) { edges { cursor } nodes { id result { id } stateHistory { edges { cursor node { id } } } } }
       changed: jobs(first: 3, orderBy: { field: UPDATED_AT }) { edges { cursor } }
       ended: jobs(first: 8, orderBy: { field: COMPLETED_AT, direction: ASC }) { edges { cursor } }
       jobStateRecords(first: 9) { edges { cursor } } stuckJobs(olderThanSeconds: 0) { edges { cursor } } }`,
    {},
    await asUser('root', 'ADMIN'),
  )
  type Edges = { edges: { cursor: string; node?: { id: string } }[] }
  const cursorsOf = ({ edges }: Edges): string[] => edges.map(({ cursor }) => cursor)
  const jobs: { id: string; result: { id: string } | null; stateHistory: Edges }[] = data.jobs.nodes
  const histories = jobs.map(({ stateHistory }) => stateHistory)
  const lists = [data.jobs, data.changed, data.ended, data.jobStateRecords, data.stuckJobs, ...histories.slice(0, 6)]
  const cursors = [null, null, ...lists.flatMap(cursorsOf), 'nope', '']
  const recordIds = histories.flatMap(({ edges }) => edges.map(({ node }) => node?.id as string))
  const resultIds = jobs.flatMap(({ result }) => (result ? [result.id] : []))
  const ids = [
    ...jobIds,
    ...jobs.map(({ id }) => id),
    ...recordIds,
    ...resultIds,
    'nope',
    '01890000-0000-7000-8000-000000000000',
  ]
  const instants = ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z', new Date().toISOString(), 'yesterday']
  const sizes = [0, 1, 2, 3, 5, 5, 20, null, null, -1, 101]
  return {
    DateTime: instants,
    id: ids,
    jobId: ids,
    ids: [ids.slice(0, 3), [...recordIds.slice(0, 2), ...resultIds.slice(0, 1), ids[0]], ids.slice(-3), []],
    first: sizes,
    last: [null, null, null, ...sizes],
    after: cursors,
    before: [null, null, null, null, ...cursors],
    userId: ['ada', 'bob', 'nobody', null],
    actor: ['key:worker-2', 'user:ada', 'nobody'],
    presets: [['preset-1'], ['preset-1', 'preset-2'], [], null],
    excludePresets: [['preset-1'], [], null],
    metadata: [{}, { source: 'api' }, { batch: 7 }, [], null],
    includeDeleted: [true, false, null],
    olderThanSeconds: [0, 3600, -1, null],
  }
}
