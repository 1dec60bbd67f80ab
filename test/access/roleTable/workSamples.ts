// How the fields for workers are tried.
import { byId, type Sample, succeeded, WORK } from './sample.ts'

type Handed = { extended: unknown[] }

export const WORK_SAMPLES: Record<string, Sample[]> = {
  'Mutation.claimJobs': [
    {
      operation: 'jobs:claim',
      state: 'PENDING',
      query: 'mutation { it: claimJobs(input: { workerId: "w" }) { __typename } }',
      variables: () => ({}),
      reached: succeeded,
    },
  ],
  'Mutation.extendLeases': [
    {
      operation: 'jobs:claim',
      state: 'PROCESSING',
      query: `mutation ($id: ID!) { it: extendLeases(input: { leases: [{ jobId: $id, version: 2 }] }) {
        ... on ExtendLeasesSuccess { extended { id } } } }`,
      variables: byId,
      reached: ({ extended }: Handed) => extended.length === 1,
    },
  ],
  'Mutation.releaseJob': [
    {
      operation: WORK,
      state: 'PROCESSING',
      query: 'mutation ($id: ID!) { it: releaseJob(input: { jobId: $id, expectedVersion: 2 }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.retryJob': [
    {
      operation: 'jobs:retry',
      state: 'FAILED',
      query: 'mutation ($id: ID!) { it: retryJob(input: { jobId: $id }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.requestJobCancellation': [
    {
      operation: 'jobs:cancel',
      state: 'PROCESSING',
      query: 'mutation ($id: ID!) { it: requestJobCancellation(input: { jobId: $id }) { __typename } }',
      variables: byId,
      reached: succeeded,
    },
  ],
  'Mutation.rescueStuckJobs': [
    {
      operation: 'jobs:rescue',
      state: 'PENDING',
      query: 'mutation { it: rescueStuckJobs(input: { dryRun: true }) { __typename } }',
      variables: () => ({}),
      reached: succeeded,
    },
  ],
}
