// Jobs of other users: to a USER they look like jobs that do not exist, by every path of the
// schema. The test walks the schema, so a new path without a probe fails here.
import { getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { schema } from '../../src/graphql/schema.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'
import { globalId, PROBES, SECRET } from './visibility/probes.ts'

let server: TestServer
let log: StatementLog
let asMallory: { authorization: string }

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  log = logStatements(server)
  asMallory = await asUser('mallory', 'USER')
})
afterAll(() => server.close())

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
        const variables = await names(about, server.ledger)
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
      const { data } = await server.request(query, (await names(job, server.ledger)) as object, asAda)
      const counts = ['jobCount', 'jobCountsByState', 'jobStats'].includes(name)
      expect(JSON.stringify(data), name).toMatch(
        counts ? /":[1-9]/ : /the-secret-of-ada|Success|"deleted":true|VersionConflict|"actualCount":1/,
      )
    }
  })
})

/** The fields that lead to a part of a job, and the probes that use them. */
const WAYS: Record<string, (keyof typeof PROBES)[]> = {
  'BulkAction.refusals': ['node of a bulk action', 'bulk actions', 'abort of a bulk action'],
  'BulkActionConnection.edges': ['bulk actions'],
  'BulkActionConnection.nodes': ['bulk actions'],
  'BulkActionEdge.node': ['bulk actions'],
  'BulkActionPreview.refusals': ['refusals of a dry run'],
  'BulkActionPreview.sample': ['dry run of a bulk action'],
  'BulkActionStarted.bulkAction': ['start of a bulk action'],
  'BulkRefusal.sample': ['refusals of a dry run', 'node of a bulk action'],
  'CreateJobSuccess.job': ['create under a known key'],
  'DeleteJobSuccess.job': ['delete'],
  'IdempotencyConflict.existingJob': ['create under a known key', 'create for another user'],
  'Job.result': ['job', 'node of a job'],
  'Job.resultHistory': ['job', 'node of a job'],
  'Job.stateHistory': ['job', 'node of a job'],
  'JobConnection.edges': ['jobs of a user'],
  'JobConnection.nodes': ['jobs of a user', 'stuckJobs'],
  'JobEdge.node': ['jobs of a user'],
  'JobResult.job': ['node of a result'],
  'JobResultRecord.job': ['node of a revision', 'job'],
  'JobResultRecordConnection.edges': ['job'],
  'JobResultRecordConnection.nodes': ['job'],
  'JobResultRecordEdge.node': ['job'],
  'JobStateRecord.job': ['node of a record', 'records of a job'],
  'JobStateRecordConnection.edges': ['records of a job'],
  'JobStateRecordConnection.nodes': ['records of a job'],
  'JobStateRecordEdge.node': ['records of a job'],
  'Mutation.abortBulkAction': ['abort of a bulk action'],
  'Mutation.createJob': ['create under a known key', 'create for another user'],
  'Mutation.createJobs': ['create for another user'],
  'Mutation.deleteJob': ['delete'],
  'Mutation.requestJobCancellation': ['ask for cancellation'],
  'Mutation.retryJob': ['retry by hand'],
  'Mutation.startBulkAction': ['dry run of a bulk action', 'start of a bulk action'],
  'Mutation.transitionJob': ['cancel', 'retry'],
  'Mutation.transitionJobs': ['cancel in a batch'],
  'Query.bulkActions': ['bulk actions'],
  'Query.job': ['job'],
  'Query.jobStateRecords': ['records of a job', 'records of a user', 'records of an actor'],
  'Query.jobs': ['jobs of a user', 'jobs by metadata', 'jobs by preset', 'jobs by id', 'jobs by actor'],
  'Query.node': ['node of a job', 'node of a record', 'node of a result', 'node of a revision'],
  'Query.nodes': ['nodes of jobs', 'nodes of records', 'nodes of results', 'nodes of revisions'],
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
