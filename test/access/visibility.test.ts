// Jobs of other users: to a USER they look like jobs that do not exist, by every path of the
// schema. The test walks the schema, so a new path without a probe fails here.
import { getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { schema } from '../../src/graphql/schema.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn, MISSING_ID } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

let server: TestServer
let log: StatementLog
let asMallory: { authorization: string }

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  log = logStatements(server)
  asMallory = await asUser('mallory', 'USER')
})
afterAll(() => server.close())

const SECRET = 'the-secret-of-ada'

/** A job of ada's with records and a result. */
async function jobOfAda(state: 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' = 'COMPLETED'): Promise<Job> {
  const facts = {
    userId: 'ada',
    content: SECRET,
    preset: SECRET,
    metadata: { a: SECRET },
    idempotencyKey: `${SECRET}-${Math.random()}`,
  }
  if (state !== 'COMPLETED') return jobIn(server.ledger, state, facts)
  const { id } = await jobIn(server.ledger, 'PROCESSING', facts)
  return completeJob(server.ledger, { jobId: id, actor: SECRET, output: SECRET, reason: SECRET })
}

const FACTS =
  'id jobId userId content stateActor stateHistory { totalCount nodes { id actor reason job { content } } } result { id output }'

interface Probe {
  readonly query: string
  readonly state?: 'PENDING' | 'PROCESSING' | 'FAILED'
  /** The id to query: of ada's job, or one of the same form that does not exist. */
  names(job: Job | undefined): object | Promise<object>
}

const globalId = (type: string, id: unknown): string => Buffer.from(`${type}:${id}`).toString('base64')
const jobId = (job: Job | undefined) => ({ id: job?.id ?? MISSING_ID })

async function recordId(job: Job | undefined) {
  const record = job && (await server.ledger.prisma.jobStateRecord.findFirst({ where: { jobId: job.id } }))
  return { id: globalId('JobStateRecord', record?.id ?? 999_999_999) }
}

async function resultId(job: Job | undefined) {
  const result = job && (await server.ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } }))
  return { id: globalId('JobResult', result?.id ?? MISSING_ID) }
}

const nobody = (job: Job | undefined) => ({ user: job?.userId ?? 'nobody' })
const MOVED = `__typename ... on JobNotFound { message jobId } ... on TransitionJobSuccess { job { ${FACTS} } record { id } }`
const NODE = `... on Job { ${FACTS} } ... on JobStateRecord { actor reason job { ${FACTS} } } ... on JobResult { output job { ${FACTS} } }`

/** Every path to a job, tried by mallory. */
const PROBES: Record<string, Probe> = {
  job: { query: `query ($id: ID!) { job(id: $id) { ${FACTS} } }`, names: jobId },
  'node of a job': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: jobId },
  'node of a record': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: recordId },
  'node of a result': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, names: resultId },
  'nodes of jobs': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: jobId },
  'nodes of records': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: recordId },
  'nodes of results': { query: `query ($id: ID!) { nodes(ids: [$id]) { ${NODE} } }`, names: resultId },
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

/** A response without its own ids and times. */
function contentOf(answer: { data: unknown; errors?: unknown }, names: object): unknown {
  let text = JSON.stringify([answer.data, answer.errors])
  for (const name of Object.values(names)) {
    const parts = [String(name), globalId('Job', name)]
    for (const part of parts) text = text.replaceAll(part, 'NAME')
  }
  return JSON.parse(text)
}

describe('a job of another user', () => {
  it.each(Object.entries(PROBES))(
    'reached by %s looks like one that does not exist',
    async (_, { query, state, names }) => {
      const job = await jobOfAda(state)
      const ask = async (about: Job | undefined) => {
        const variables = await names(about)
        let answer: unknown
        const statements = await log.during(async () => {
          answer = contentOf(await server.request(query, variables, asMallory), variables)
        })
        return { answer, statements }
      }
      // The first request may open connections and prepare statements.
      await ask(undefined)
      const [foreign, missing] = [await ask(job), await ask(undefined)]
      expect(JSON.stringify(foreign.answer)).not.toContain(SECRET)
      expect(foreign.answer).toEqual(missing.answer)
      // Both do the same work, so that timing reveals nothing either.
      expect(foreign.statements).toEqual(missing.statements)
      const after = await server.ledger.prisma.job.findUniqueOrThrow({ where: { id: job.id } })
      expect(after).toEqual(job)
    },
  )

  it('is visible to its owner by the same queries', async () => {
    const asAda = await asUser('ada', 'USER')
    for (const [name, { query, state, names }] of Object.entries(PROBES)) {
      const job = await jobOfAda(state)
      const { data } = await server.request(query, (await names(job)) as object, asAda)
      const counts = ['jobCount', 'jobCountsByState', 'jobStats'].includes(name)
      expect(JSON.stringify(data), name).toMatch(
        counts ? /":[1-9]/ : /the-secret-of-ada|Success|"deleted":true|VersionConflict/,
      )
    }
  })
})

/** The fields that lead to a part of a job, and the probes that use them. */
const WAYS: Record<string, (keyof typeof PROBES)[]> = {
  'CreateJobSuccess.job': ['create under a known key'],
  'DeleteJobSuccess.job': ['delete'],
  'IdempotencyConflict.existingJob': ['create under a known key', 'create for another user'],
  'Job.result': ['job', 'node of a job'],
  'Job.stateHistory': ['job', 'node of a job'],
  'JobConnection.edges': ['jobs of a user'],
  'JobConnection.nodes': ['jobs of a user', 'stuckJobs'],
  'JobEdge.node': ['jobs of a user'],
  'JobResult.job': ['node of a result'],
  'JobStateRecord.job': ['node of a record', 'records of a job'],
  'JobStateRecordConnection.edges': ['records of a job'],
  'JobStateRecordConnection.nodes': ['records of a job'],
  'JobStateRecordEdge.node': ['records of a job'],
  'Mutation.createJob': ['create under a known key', 'create for another user'],
  'Mutation.createJobs': ['create for another user'],
  'Mutation.deleteJob': ['delete'],
  'Mutation.requestJobCancellation': ['ask for cancellation'],
  'Mutation.retryJob': ['retry by hand'],
  'Mutation.transitionJob': ['cancel', 'retry'],
  'Mutation.transitionJobs': ['cancel in a batch'],
  'Query.job': ['job'],
  'Query.jobStateRecords': ['records of a job', 'records of a user', 'records of an actor'],
  'Query.jobs': ['jobs of a user', 'jobs by metadata', 'jobs by preset'],
  'Query.node': ['node of a job', 'node of a record', 'node of a result'],
  'Query.nodes': ['nodes of jobs', 'nodes of records', 'nodes of results'],
  'Query.stuckJobs': ['stuckJobs'],
  'TransitionJobSuccess.job': ['cancel', 'retry'],
  'TransitionJobSuccess.record': ['cancel', 'retry'],
  // Not available to a USER at all: roleTable.test.ts.
  'ClaimJobsSuccess.jobs': [],
  'ExtendLeasesSuccess.extended': [],
  'Mutation.claimJobs': [],
  'Mutation.completeJob': [],
  'Mutation.extendLeases': [],
  'Mutation.releaseJob': [],
  'Mutation.failJob': [],
  'Mutation.setJobResult': [],
  'SetJobResultSuccess.job': [],
  'SetJobResultSuccess.result': [],
  // As a stream: ../events/access.test.ts.
  'JobEvent.record': [],
  'Subscription.jobEvents': [],
}

/** Whether the type is a job or a part of a job, or contains one. */
function leadsToJobs(typeName: string, seen = new Set<string>()): boolean {
  if (seen.has(typeName)) return false
  seen.add(typeName)
  const type = schema.getType(typeName)
  if (type === undefined) return false
  if (typeName === 'Node' || (isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node')))
    return true
  if (isUnionType(type) || isInterfaceType(type)) {
    return schema.getPossibleTypes(type).some(({ name }) => leadsToJobs(name, seen))
  }
  return (
    isObjectType(type) &&
    Object.values(type.getFields()).some((field) => leadsToJobs(getNamedType(field.type).name, seen))
  )
}

describe('the schema', () => {
  it('has no path to a job without a probe', () => {
    const types = Object.values(schema.getTypeMap()).filter(isObjectType)
    const ways = types
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) =>
        Object.values(type.getFields())
          .filter((field) => leadsToJobs(getNamedType(field.type).name))
          .map((field) => `${type.name}.${field.name}`),
      )
    expect(ways.sort()).toEqual(Object.keys(WAYS).sort())
    for (const probe of Object.values(WAYS).flat()) expect(PROBES).toHaveProperty([probe])
  })
})
