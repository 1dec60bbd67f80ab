// Runs every query, mutation and subscription of the API once over HTTP. None may return an error.
import { expect } from 'vitest'
import { followJobEvents } from '../../src/client/followJobEvents.ts'
import { eventually } from '../support/eventually.ts'
import type { TestServer } from '../support/server.ts'

const CREATE = `mutation ($content: String!) {
  createJob(input: { userId: "ada", content: $content, maxAttempts: 3, metadata: { a: 1 } }) { ... on CreateJobSuccess { job { id } } } }`
const OUTCOME = '__typename ... on TransitionJobSuccess { job { id state version } }'

/** Runs them as an administrator, with the credential in `headers`. */
export async function apiSmoke(server: TestServer, headers: { readonly authorization: string }): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
  const ask = async (query: string, variables: object = {}): Promise<any> => {
    const { data, errors } = await server.request(query, variables, headers)
    expect(errors, query).toBeUndefined()
    return data
  }
  const create = async (content: string): Promise<string> => (await ask(CREATE, { content })).createJob.job.id
  const after = (await ask('{ latestEventCursor }')).latestEventCursor
  const [id, failing, cancelled] = [await create('one'), await create('two'), await create('three')]
  const mutate = async (field: string, input: object, outcome = OUTCOME): Promise<{ __typename: string }> => {
    const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`
    const answer = (await ask(`mutation ($input: ${type}!) { ${field}(input: $input) { ${outcome} } }`, { input }))[
      field
    ]
    expect(answer.__typename, field).toMatch(/Success$/)
    return answer
  }
  await mutate('claimJobs', { workerId: 'w', limit: 1, jobIds: [id] }, '__typename')
  await mutate('extendLeases', { leaseSeconds: 60, leases: [{ jobId: id, version: 2 }] }, '__typename')
  await mutate('releaseJob', { jobId: id, expectedVersion: 2 })
  await mutate('transitionJob', { jobId: id, to: 'PROCESSING' })
  await mutate('completeJob', { jobId: id, output: { done: true } })
  await mutate('setJobResult', { jobId: id, status: 'SUCCESS', output: [1] }, '__typename')
  await mutate('transitionJob', { jobId: failing, to: 'PROCESSING' })
  await mutate('failJob', { jobId: failing, errorMessage: 'no' })
  await mutate('requestJobCancellation', { jobId: cancelled })
  await mutate('deleteJob', { jobId: cancelled }, '__typename')
  await mutate('rescueStuckJobs', {}, '__typename')
  await mutate('cleanupJobs', { olderThanDays: 1 }, '__typename')
  await ask(`mutation { createJobs(inputs: [{ userId: "ada", content: "x" }]) { __typename } }`)
  await ask('mutation ($id: ID!) { transitionJobs(inputs: [{ jobId: $id, to: CANCELLED }]) { __typename } }', {
    id: failing,
  })
  await ask(
    `query ($id: ID!) {
      job(id: $id) { state result { status } stateHistory(first: 5) { nodes { newState } totalCount } }
      node(id: $id) { id } nodes(ids: [$id]) { id } viewer { actor } stateMachine { __typename }
      jobs(first: 5, filter: { userId: "ada" }) { nodes { id } totalCount } jobCount jobCountsByState { state count }
      jobStateRecords(first: 5) { nodes { id } } stuckJobs(first: 5) { nodes { id } }
      jobStats(bucket: DAY, from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z") { __typename }
      consumers { name lagRecords refusedRecords { jobId } }
      operations { maintenanceTasks { name } oldestDueJob { jobId } processing { count workers { actor } } }
    }`,
    { id },
  )
  await refusedTwice(ask, id)
  await bulkAction(ask, id)
  const token = headers.authorization.replace('Bearer ', '')
  for await (const { record } of followJobEvents({
    url: `${server.url}/graphql`,
    token,
    after,
    filter: { jobId: id },
  })) {
    if (record.sequence === 5) break
  }
}

/** Attempts twice what the state of the job does not allow, until the server has stored both. */
// biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
async function refusedTwice(ask: (query: string, variables?: object) => Promise<any>, id: string): Promise<void> {
  for (const times of [1, 2]) {
    await ask('mutation ($id: ID!) { completeJob(input: { jobId: $id }) { __typename } }', { id })
    await eventually(async () => {
      const { job } = await ask('query ($id: ID!) { job(id: $id) { refusals { nodes { times } } } }', { id })
      expect(job.refusals.nodes).toEqual([{ times }])
    })
  }
}

/** Deletes one job by a bulk action, which the server runs to the end. */
// biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
async function bulkAction(ask: (query: string, variables?: object) => Promise<any>, jobId: string): Promise<void> {
  const input = { action: 'DELETE', filter: { ids: [jobId] }, reason: 'smoke' }
  const start = `mutation ($input: StartBulkActionInput!) { startBulkAction(input: $input) {
    ... on BulkActionPreview { matched sample { id } refusals { reason } } ... on BulkActionStarted { bulkAction { id } } } }`
  const { startBulkAction: preview } = await ask(start, { input })
  const started = await ask(start, { input: { ...input, dryRun: false, expectedCount: preview.matched } })
  const { id } = started.startBulkAction.bulkAction
  await eventually(async () => {
    const { node } = await ask('query ($id: ID!) { node(id: $id) { ... on BulkAction { state done } } }', { id })
    expect(node).toEqual({ state: 'COMPLETED', done: 1 })
  })
  await ask('mutation ($id: ID!) { abortBulkAction(id: $id) { state } }', { id })
  await ask('{ bulkActions { totalCount nodes { refusals { sample { id } } } } }')
}
