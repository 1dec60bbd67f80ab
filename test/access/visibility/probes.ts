// Every path of the API to a job, as queries that another user tries.
import type { Job } from '../../../src/database/generated/client.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { startBulkAction } from '../../../src/ledger/startBulkAction.ts'
import { MISSING_ID } from '../../support/factories.ts'

/** Part of everything that must stay hidden. */
export const SECRET = 'the-secret-of-ada'

const FACTS =
  'id jobId userId content stateActor stateHistory { totalCount nodes { id actor reason job { content } } } result { id output } resultHistory { totalCount edges { node { output } } nodes { id output actor job { content } } }'

/** A query for a job of another user. */
export interface Probe {
  readonly query: string
  readonly state?: 'PENDING' | 'PROCESSING' | 'FAILED'
  /** The id to query: of ada's job, or one of the same form that does not exist. */
  names(job: Job | undefined, ledger: Ledger): object | Promise<object>
}

export const globalId = (type: string, id: unknown): string => Buffer.from(`${type}:${id}`).toString('base64')
const jobId = (job: Job | undefined) => ({ id: job?.id ?? MISSING_ID })

async function recordId(job: Job | undefined, ledger: Ledger) {
  const record = job && (await ledger.prisma.jobStateRecord.findFirst({ where: { jobId: job.id } }))
  return { id: globalId('JobStateRecord', record?.id ?? 999_999_999) }
}

async function resultId(job: Job | undefined, ledger: Ledger) {
  const result = job && (await ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } }))
  return { id: globalId('JobResult', result?.id ?? MISSING_ID) }
}

async function resultRecordId(job: Job | undefined, ledger: Ledger) {
  const record = job && (await ledger.prisma.jobResultRecord.findFirst({ where: { jobId: job.id } }))
  return { id: globalId('JobResultRecord', record?.id ?? 999_999_999) }
}

/** A bulk action on the job that refused it. */
async function bulkActionId(job: Job | undefined, ledger: Ledger) {
  if (job === undefined) return { id: globalId('BulkAction', MISSING_ID) }
  const filter = { ownerId: job.userId, ids: [job.id] }
  const request = { action: 'RETRY', filter, reason: SECRET, actor: `user:${job.id}`, expectedCount: 1 } as const
  return { id: globalId('BulkAction', (await startBulkAction(ledger, request)).bulkAction.id) }
}

const nobody = (job: Job | undefined) => ({ user: job?.userId ?? 'nobody' })
const MOVED = `__typename ... on JobNotFound { message jobId } ... on TransitionJobSuccess { job { ${FACTS} } record { id } }`
const NODE = `... on Job { ${FACTS} } ... on JobStateRecord { actor reason job { ${FACTS} } } ... on JobResult { output job { ${FACTS} } }
  ... on JobResultRecord { output actor job { ${FACTS} } }`

const BULK = `reason actor matched refusals { reason count sample { ${FACTS} } } outcomes { totalCount nodes { jobId reason } }`

/** Every path to a job, tried by mallory. */
export const PROBES: Record<string, Probe> = {
  job: { query: `query ($id: ID!) { job(id: $id) { ${FACTS} } }`, names: jobId },
  'node of a job': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: jobId },
  'node of a record': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: recordId },
  'node of a result': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: resultId },
  'node of a revision': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: resultRecordId },
  'nodes of jobs': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: jobId },
  'nodes of records': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: recordId },
  'nodes of results': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: resultId },
  'nodes of revisions': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: resultRecordId },
  'jobs of a user': {
    query: `query ($user: String) { jobs(filter: { userId: $user }) { totalCount edges { node { ${FACTS} } } nodes { ${FACTS} } } }`,
    names: nobody,
  },
  'jobs by metadata': {
    query: `query ($metadata: JSONObject) { jobs(filter: { metadata: $metadata }) { totalCount nodes { ${FACTS} } } }`,
    names: (job) => ({ metadata: job ? { a: SECRET } : { a: 'nothing' } }),
  },
  'jobs by preset': {
    query: `query ($presets: [String!]) { jobs(filter: { presets: $presets, includeDeleted: true }) { totalCount nodes { ${FACTS} } } }`,
    names: (job) => ({ presets: [job ? SECRET : 'nothing'] }),
  },
  'jobs by id': {
    query: `query ($id: ID!) { jobs(filter: { ids: [$id], includeDeleted: true }) { totalCount nodes { ${FACTS} } } jobCount(filter: { ids: [$id] }) }`,
    names: jobId,
  },
  'jobs by actor': {
    query: `query ($actor: String) { jobs(filter: { actor: $actor, excludeStates: [PENDING] }) { totalCount nodes { ${FACTS} } } }`,
    names: (job) => ({ actor: job?.stateActor ?? 'nobody' }),
  },
  jobCount: { query: 'query ($user: String) { jobCount(filter: { userId: $user }) }', names: nobody },
  jobCountsByState: {
    query: 'query ($user: String) { jobCountsByState(filter: { userId: $user }) { state count } }',
    names: nobody,
  },
  jobStats: {
    query: `query ($user: String) { jobStats(filter: { userId: $user }, bucket: DAY,
      from: "${new Date(Date.now() - 86_400_000).toISOString()}", to: "${new Date(Date.now() + 86_400_000).toISOString()}") { start created started completed medianWaitMs } }`,
    names: nobody,
  },
  'records of a job': {
    query: `query ($id: ID!) { jobStateRecords(filter: { jobId: $id }) { totalCount edges { node { actor } } nodes { actor job { ${FACTS} } } } }`,
    names: jobId,
  },
  'records of a user': {
    query: `query ($user: String) { jobStateRecords(filter: { userId: $user }) { totalCount nodes { actor job { ${FACTS} } } } }`,
    names: nobody,
  },
  'records of an actor': {
    query: 'query ($actor: String) { jobStateRecords(filter: { actor: $actor }) { totalCount nodes { actor } } }',
    names: (job) => ({ actor: job ? SECRET : 'nothing' }),
  },
  stuckJobs: {
    query: `{ stuckJobs(olderThanSeconds: 0, last: 100) { totalCount nodes { ${FACTS} } } }`,
    state: 'PROCESSING',
    names: () => ({}),
  },
  cancel: {
    query: `mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: CANCELLED, expectedVersion: 7 }) { ${MOVED} } }`,
    state: 'PENDING',
    names: jobId,
  },
  retry: {
    query: `mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PENDING }) { ${MOVED} } }`,
    state: 'FAILED',
    names: jobId,
  },
  'cancel in a batch': {
    query: `mutation ($id: ID!) { transitionJobs(inputs: [{ jobId: $id, to: CANCELLED }, { jobId: $id, to: PENDING }]) { ${MOVED} } }`,
    state: 'PENDING',
    names: jobId,
  },
  'ask for cancellation': {
    query: `mutation ($id: ID!) { requestJobCancellation(input: { jobId: $id }) { ${MOVED} } }`,
    state: 'PROCESSING',
    names: jobId,
  },
  'retry by hand': {
    query: `mutation ($id: ID!) { retryJob(input: { jobId: $id }) { ${MOVED} } }`,
    state: 'FAILED',
    names: jobId,
  },
  delete: {
    query: `mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { ... on DeleteJobSuccess { deleted job { ${FACTS} } } } }`,
    state: 'PENDING',
    names: jobId,
  },
  'dry run of a bulk action': {
    query: `mutation ($id: ID!) { startBulkAction(input: { action: DELETE, filter: { ids: [$id] }, reason: "x" }) {
      ... on BulkActionPreview { matched eligible sample { ${FACTS} } refusals { count } } } }`,
    state: 'PENDING',
    names: jobId,
  },
  'refusals of a dry run': {
    query: `mutation ($id: ID!) { startBulkAction(input: { action: RETRY, filter: { ids: [$id] }, reason: "x" }) {
      ... on BulkActionPreview { matched eligible refusals { reason count sample { ${FACTS} } } } } }`,
    names: jobId,
  },
  'start of a bulk action': {
    query: `mutation ($id: ID!) { startBulkAction(input: { action: DELETE, filter: { ids: [$id] }, reason: "x", dryRun: false, expectedCount: 7 }) {
      ... on BulkCountChanged { message expectedCount actualCount } } }`,
    names: jobId,
  },
  'node of a bulk action': {
    query: `query ($id: ID!) { node(id: $id) { ... on BulkAction { ${BULK} } } nodes(ids: [$id]) { ... on BulkAction { ${BULK} } } }`,
    names: bulkActionId,
  },
  'bulk actions': {
    query: `{ bulkActions(first: 1) { totalCount nodes { ${BULK} } edges { node { ${BULK} } } } }`,
    names: async (job, ledger) => {
      await bulkActionId(job, ledger)
      return {}
    },
  },
  'abort of a bulk action': {
    query: `mutation ($id: ID!) { abortBulkAction(id: $id) { ${BULK} } }`,
    names: bulkActionId,
  },
  'create under a known key': {
    query: `mutation ($key: String!) { createJob(input: { content: "other", idempotencyKey: $key }) { __typename
      ... on IdempotencyConflict { message existingJob { ${FACTS} } } ... on CreateJobSuccess { created } } }`,
    names: (job) => ({ key: job?.idempotencyKey ?? `new-${Math.random()}` }),
  },
  'create for another user': {
    query: `mutation ($user: String!) { createJob(input: { content: "other", userId: $user, idempotencyKey: "k" }) { __typename
      ... on IdempotencyConflict { message existingJob { ${FACTS} } } } }`,
    names: nobody,
  },
}
