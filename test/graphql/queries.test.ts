// node, nodes, job, jobs, counts, stuckJobs, jobStateRecords and stateMachine over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import { jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let [pending, processing, completed, failed]: Job[] = []
const globalId = (type: string, id: string | bigint): string => Buffer.from(`${type}:${id}`).toString('base64')
const uuid = (job: Job | undefined): string => (job as Job).id

beforeAll(async () => {
  server = await startTestServer()
  pending = await newJob(server.ledger, {
    userId: 'ada',
    preset: 'fast',
    metadata: { size: { w: 3 }, tags: ['a', 'b'] },
  })
  processing = await jobIn(server.ledger, 'PROCESSING', { userId: 'ada', preset: 'slow' })
  completed = await jobIn(server.ledger, 'COMPLETED', { userId: 'brandt', preset: 'fast' })
  failed = await jobIn(server.ledger, 'FAILED', { userId: 'brandt' })
  await setJobResult(server.ledger, { jobId: uuid(completed), actor: 'user:ada', status: 'SUCCESS' })
})
afterAll(() => server.close())

async function ask(query: string, variables: object = {}) {
  const answer = await server.request(query, variables)
  expect(answer.errors).toBeUndefined()
  return answer.data
}

async function idsOf(filter: object, orderBy?: object): Promise<string[]> {
  const query =
    'query ($filter: JobFilter, $orderBy: JobOrder) { jobs(filter: $filter, orderBy: $orderBy) { totalCount nodes { jobId } } }'
  const { jobs } = await ask(query, { filter, orderBy })
  expect(jobs.totalCount).toBe(jobs.nodes.length)
  return jobs.nodes.map(({ jobId }: { jobId: string }) => jobId)
}

// GraphQL specification, section 7.2.2.
it('the fields of a response are in the order of the selection, whichever finishes first', async () => {
  const query =
    '{ counts: jobCountsByState { state } one: jobCount ... on Query { type: __typename } jobs(first: 1) { totalCount nodes { result { status } jobId } } ...Last } fragment Last on Query { stuckJobs { totalCount } }'
  const data = await ask(query)
  expect(Object.keys(data)).toEqual(['counts', 'one', 'type', 'jobs', 'stuckJobs'])
  expect(Object.keys(data.jobs)).toEqual(['totalCount', 'nodes'])
  expect(Object.keys(data.jobs.nodes[0])).toEqual(['result', 'jobId'])
})

describe('node and nodes', () => {
  it('find an object of each type by its global id, and a job by its UUID', async () => {
    const { node } = await ask(
      'query ($id: ID!) { node(id: $id) { __typename ... on Job { result { id } stateHistory { nodes { id } } } } }',
      {
        id: uuid(completed),
      },
    )
    const ids = [
      globalId('Job', uuid(completed)),
      node.result.id,
      node.stateHistory.nodes[0].id,
      uuid(completed).toUpperCase(),
    ]
    const { nodes } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids })
    expect(nodes).toEqual([
      { __typename: 'Job', id: ids[0] },
      { __typename: 'JobResult', id: ids[1] },
      { __typename: 'JobStateRecord', id: ids[2] },
      { __typename: 'Job', id: ids[0] },
    ])
  })

  it('return null for objects that do not exist, in order', async () => {
    const ids = [MISSING_ID, uuid(pending), globalId('JobResult', MISSING_ID), globalId('JobStateRecord', 999_999_999n)]
    const { nodes, node, job } = await ask(
      'query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } job(id: $id) { id } }',
      {
        ids,
        id: MISSING_ID,
      },
    )
    expect(nodes).toEqual([null, { id: globalId('Job', uuid(pending)) }, null, null])
    expect([node, job]).toEqual([null, null])
  })
})

describe('jobs', () => {
  it('lists the newest first, or in the requested order', async () => {
    const created = [failed, completed, processing, pending].map(uuid)
    expect(await idsOf({})).toEqual(created)
    expect(await idsOf({}, { field: 'CREATED_AT', direction: 'ASC' })).toEqual([...created].reverse())
    const finishedFirst = await idsOf({}, { field: 'COMPLETED_AT' })
    expect(finishedFirst.slice(0, 2)).toEqual([uuid(failed), uuid(completed)])
    expect(await idsOf({}, { field: 'COMPLETED_AT', direction: 'ASC' })).toEqual(
      [completed, failed, pending, processing].map(uuid),
    )
    expect((await idsOf({}, { field: 'UPDATED_AT' })).at(-1)).toBe(uuid(pending))
  })

  it.each<[string, () => object, () => (Job | undefined)[]]>([
    ['userId', () => ({ userId: 'ada' }), () => [processing, pending]],
    ['states', () => ({ states: ['FAILED', 'PENDING'] }), () => [failed, pending]],
    ['no states', () => ({ states: [] }), () => []],
    ['presets', () => ({ presets: ['fast'] }), () => [completed, pending]],
    ['createdAfter', () => ({ createdAfter: completed?.createdAt }), () => [failed, completed]],
    ['createdBefore', () => ({ createdBefore: processing?.createdAt }), () => [pending]],
    ['completedAfter', () => ({ completedAfter: failed?.completedAt }), () => [failed]],
    ['completedBefore', () => ({ completedBefore: failed?.completedAt }), () => [completed]],
    ['metadata', () => ({ metadata: { size: { w: 3 }, tags: ['b'] } }), () => [pending]],
    ['metadata of nobody', () => ({ metadata: { size: { w: 4 } } }), () => []],
    ['all together', () => ({ userId: 'brandt', presets: ['fast', 'slow'], states: ['COMPLETED'] }), () => [completed]],
  ])('filters by %s, and counts the same', async (_, filter, expected) => {
    expect(await idsOf(filter())).toEqual(expected().map(uuid))
    const query =
      'query ($filter: JobFilter) { jobCount(filter: $filter) jobCountsByState(filter: $filter) { state count } }'
    const { jobCount, jobCountsByState } = await ask(query, { filter: filter() })
    expect(jobCount).toBe(expected().length)
    expect(jobCountsByState.map(({ state }: { state: string }) => state)).toEqual([
      'PENDING',
      'PROCESSING',
      'COMPLETED',
      'FAILED',
      'CANCELLED',
    ])
    expect(jobCountsByState.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(jobCount)
  })
})

describe('stuckJobs', () => {
  it('lists only jobs that have been PROCESSING for longer', async () => {
    const { now, later } = await ask(`{ now: stuckJobs(olderThanSeconds: 0) { totalCount nodes { jobId } }
      later: stuckJobs { totalCount nodes { jobId } } }`)
    expect(now).toEqual({ totalCount: 1, nodes: [{ jobId: uuid(processing) }] })
    expect(later).toEqual({ totalCount: 0, nodes: [] })
  })
})

describe('jobStateRecords', () => {
  it.each<[string, () => object, number]>([
    ['nothing', () => ({}), 9],
    ['jobId', () => ({ jobId: uuid(failed) }), 3],
    ['userId', () => ({ userId: 'ada' }), 3],
    ['actor', () => ({ actor: 'tester' }), 9],
    ['another actor', () => ({ actor: 'nobody' }), 0],
    ['previousStates', () => ({ previousStates: ['PROCESSING'] }), 2],
    ['newStates', () => ({ newStates: ['PENDING', 'FAILED'] }), 5],
    ['after', () => ({ after: failed?.createdAt }), 3],
    ['before', () => ({ before: pending?.createdAt }), 0],
  ])('filters by %s, newest first', async (_, filter, expected) => {
    const query = `query ($filter: JobStateRecordFilter) { jobStateRecords(filter: $filter) { totalCount
      nodes { sequence timestamp newState job { jobId } } } }`
    const { nodes, totalCount } = (await ask(query, { filter: filter() })).jobStateRecords
    expect([nodes.length, totalCount]).toEqual([expected, expected])
    const times = nodes.map(({ timestamp }: { timestamp: string }) => timestamp)
    expect(times).toEqual([...times].sort().reverse())
  })
})

describe('stateMachine', () => {
  it('returns the transitions of every state', async () => {
    const { stateMachine } = await ask('{ stateMachine { state isTerminal allowedTransitions } }')
    expect(stateMachine).toEqual([
      { state: 'PENDING', isTerminal: false, allowedTransitions: ['PROCESSING', 'CANCELLED'] },
      { state: 'PROCESSING', isTerminal: false, allowedTransitions: ['COMPLETED', 'FAILED', 'CANCELLED', 'PENDING'] },
      { state: 'COMPLETED', isTerminal: true, allowedTransitions: [] },
      { state: 'FAILED', isTerminal: false, allowedTransitions: ['PENDING'] },
      { state: 'CANCELLED', isTerminal: true, allowedTransitions: [] },
    ])
  })
})
