// How the fields about jobs are tried as each operation that they may be.
import { byId, byOwner, everySucceeded, lists, moving, reading, type Sample, succeeded, WORK } from './sample.ts'

const [START, STARTS] = moving(WORK, 'PENDING', 'PROCESSING')
const [RELEASE, RELEASES] = moving(WORK, 'PROCESSING', 'PENDING')
const [CANCEL, CANCELS] = moving('jobs:cancel', 'PENDING', 'CANCELLED')
const [RETRY, RETRIES] = moving('jobs:retry', 'FAILED', 'PENDING')

export const JOB_SAMPLES: Record<string, Sample[]> = {
  'Query.node': [reading('query ($id: ID!) { it: node(id: $id) { id } }')],
  'Query.nodes': [
    reading('query ($id: ID!) { it: nodes(ids: [$id]) { id } }', { reached: ([answer]: unknown[]) => answer !== null }),
  ],
  'Query.job': [reading('query ($id: ID!) { it: job(id: $id) { id } }')],
  'Query.jobs': [
    reading('query ($owner: String) { it: jobs(first: 100, filter: { userId: $owner }) { nodes { id } } }', {
      variables: byOwner,
      reached: lists,
    }),
  ],
  'Query.jobCount': [
    reading('query ($owner: String) { it: jobCount(filter: { userId: $owner }) }', {
      variables: byOwner,
      reached: (count) => count > 0,
    }),
  ],
  'Query.jobCountsByState': [
    reading('query ($owner: String) { it: jobCountsByState(filter: { userId: $owner }) { count } }', {
      variables: byOwner,
      reached: (counts: { count: number }[]) => counts.some(({ count }) => count > 0),
    }),
  ],
  'Query.jobStats': [
    reading(
      `query ($owner: String) { it: jobStats(filter: { userId: $owner }, bucket: DAY,
        from: "${new Date(Date.now() - 86_400_000).toISOString()}", to: "${new Date(Date.now() + 86_400_000).toISOString()}") { created } }`,
      { variables: byOwner, reached: (buckets: { created: number }[]) => buckets.some(({ created }) => created > 0) },
    ),
  ],
  'Query.jobStateRecords': [
    reading('query ($id: ID!) { it: jobStateRecords(filter: { jobId: $id }) { nodes { job { id } } } }', {
      reached: ({ nodes }) => nodes.length > 0,
    }),
  ],
  'Query.stuckJobs': [
    reading('{ it: stuckJobs(olderThanSeconds: 0, last: 100) { nodes { id } } }', {
      variables: () => ({}),
      reached: lists,
    }),
  ],
  'Job.refusals': [
    reading('query ($id: ID!) { it: job(id: $id) { refusals { totalCount } } }', {
      operation: 'refusals:read',
      below: 'jobs:read',
    }),
  ],
  'Query.stateMachine': [
    reading('{ it: stateMachine { state } }', { operation: 'states:read', variables: () => ({}) }),
  ],
  'Query.checkpoint': [
    // Null: the ledger of this test is not sealed.
    reading('{ it: checkpoint { size } }', { operation: 'states:read', variables: () => ({}), reached: () => true }),
  ],
  'Query.viewer': [reading('{ it: viewer { actor } }', { operation: 'viewer:read', variables: () => ({}) })],
  'Mutation.createJob': [
    {
      operation: 'jobs:create',
      state: 'PENDING',
      query: 'mutation ($owner: String) { it: createJob(input: { userId: $owner, content: "x" }) { __typename } }',
      variables: byOwner,
      reached: succeeded,
    },
  ],
  'Mutation.createJobs': [
    {
      operation: 'jobs:create',
      state: 'PENDING',
      query: 'mutation ($owner: String) { it: createJobs(inputs: [{ userId: $owner, content: "x" }]) { __typename } }',
      variables: byOwner,
      reached: everySucceeded,
    },
  ],
  'Mutation.transitionJob': [START, RELEASE, CANCEL, RETRY],
  'Mutation.transitionJobs': [STARTS, RELEASES, CANCELS, RETRIES],
  'Mutation.completeJob': [
    {
      operation: WORK,
      state: 'PROCESSING',
      query: 'mutation ($id: ID!) { it: completeJob(input: { jobId: $id }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.failJob': [
    {
      operation: WORK,
      state: 'PROCESSING',
      query: 'mutation ($id: ID!) { it: failJob(input: { jobId: $id, errorMessage: "x" }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.setJobResult': [
    {
      operation: 'results:set',
      state: 'PROCESSING',
      query: 'mutation ($id: ID!) { it: setJobResult(input: { jobId: $id, status: SUCCESS }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.deleteJob': [
    {
      operation: 'jobs:delete',
      state: 'PENDING',
      query: 'mutation ($id: ID!) { it: deleteJob(input: { jobId: $id }) { ... on DeleteJobSuccess { deleted } } }',
      variables: byId,
      reached: ({ deleted }) => deleted,
    },
  ],
  'Mutation.cleanupJobs': [
    {
      operation: 'jobs:cleanup',
      state: 'PENDING',
      query: 'mutation { it: cleanupJobs(input: { olderThanDays: 36500 }) { __typename } }',
      variables: () => ({}),
      reached: succeeded,
    },
  ],
}
