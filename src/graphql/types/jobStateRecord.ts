// JobStateRecord: a record of the audit trail, and the query for the records of all jobs.
import type { JobStateRecord as RecordRow } from '../../database/generated/client.ts'
import { JOB_STATES } from '../../database/rows/tables.ts'
import { countJobStateRecords, listRecordRows } from '../../ledger/jobHistory.ts'
import { MAX_INT } from '../../ledger/limits.ts'
import type { PageRequest } from '../../ledger/page.ts'
import type { JobStateRecordFilter as RecordFilter } from '../../ledger/recordFilter.ts'
import { builder } from '../builder.ts'
import { type GraphQLContext, ownerScope, ownerWhere } from '../context.ts'
import { jobIdOf } from '../globalIds.ts'
import { recordsCost, withCost } from '../limits/fieldCost.ts'
import { connectionOf } from '../loading/listConnection.ts'
import { type ListReads, readsList } from '../plan/rootReads.ts'
import type { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'

export const JobStateRecord = builder.prismaNode('JobStateRecord', {
  id: { resolve: (record) => String(record.id), description: 'The global id.' },
  findUnique: (id, context) => ({ id: BigInt(id), job: ownerWhere(context) }),
  nullable: true,
  select: { id: true },
  fields: (t) => ({
    job: t.relation('job', { description: 'The job whose state changed.' }),
    sequence: t.exposeInt('sequence'),
    previousState: t.expose('previousState', { type: JobStateEnum, nullable: true }),
    newState: t.expose('newState', { type: JobStateEnum }),
    reason: t.exposeString('reason', { nullable: true }),
    error: t.exposeString('error', { nullable: true }),
    metadata: t.expose('stateMetadata', { type: 'JSONObject' }),
    actor: t.exposeString('actor'),
    databaseRole: t.exposeString('databaseRole'),
    previousRunAt: t.expose('previousRunAt', { type: 'DateTime', nullable: true }),
    runAt: t.expose('runAt', { type: 'DateTime', nullable: true }),
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
    previousStateDurationMs: t.int({
      nullable: true,
      description:
        'How long the job had been in the previous state, in milliseconds; null for the ' +
        'record of the creation. At most 2147483647 (24.8 days).',
      select: { previousStateDurationMs: true },
      resolve: ({ previousStateDurationMs: ms }) => (ms === null ? null : Math.min(Number(ms), MAX_INT)),
    }),
  }),
})

export const JobStateRecordEdge = builder.edgeObject({
  name: 'JobStateRecordEdge',
  description: 'A record with its cursor.',
  type: JobStateRecord,
})

export const JobStateRecordConnection = builder.connectionObject(
  {
    name: 'JobStateRecordConnection',
    description: 'A page of records.',
    type: JobStateRecord,
    fields: (t) => ({
      totalCount: t.int({
        description: 'Number of records in the complete list. Counted only if selected.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobStateRecordEdge,
)

export const JobStateRecordFilter = builder.inputType('JobStateRecordFilter', {
  description: 'Selects records that meet all of the given conditions.',
  fields: (t) => ({
    jobId: t.id({ description: 'Only records of this job.' }),
    userId: t.string({ description: "Only records of this user's jobs." }),
    actor: t.string({ description: 'Only transitions by this actor.' }),
    previousStates: t.field({ type: [JobStateEnum], description: 'Only transitions from one of these states.' }),
    newStates: t.field({ type: [JobStateEnum], description: 'Only transitions to one of these states.' }),
    after: t.field({ type: 'DateTime', description: 'Only records at or after this instant.' }),
    before: t.field({ type: 'DateTime', description: 'Only records before this instant.' }),
  }),
})

type RequestedRecords = typeof JobStateRecordFilter.$inferInput | null | undefined

/**
 * The filter, limited to the jobs that the caller may read.
 *
 * @throws ForbiddenError if it may read no jobs
 */
export function recordFilterOf(context: GraphQLContext, requested: RequestedRecords): RecordFilter {
  const { jobId, ...others } = requested ?? {}
  return { ...others, jobId: jobId == null ? null : jobIdOf('jobId', jobId), ...ownerScope(context, 'jobs:read') }
}

const records: ListReads = {
  typeName: 'JobStateRecord',
  table: JOB_STATES,
  page: (args: RecordArguments, { context }, shape) =>
    listRecordRows(context.ledger, { ...args, filter: recordFilterOf(context, args.filter) }, shape),
  count: ({ filter }: RecordArguments, { context }) =>
    countJobStateRecords(context.ledger, recordFilterOf(context, filter)),
}

interface RecordArguments extends PageRequest {
  readonly filter?: RequestedRecords
}

builder.queryField('jobStateRecords', (t) =>
  t.connection(
    {
      type: JobStateRecord,
      description: 'The records of all jobs, newest first.',
      extensions: { ...withCost(recordsCost), ...readsList(records) },
      args: { filter: t.arg({ type: JobStateRecordFilter, description: 'Which records; by default all.' }) },
      resolve: (_, args, context, info) => connectionOf<RecordRow>(records, args, { context, info }),
    },
    JobStateRecordConnection,
    JobStateRecordEdge,
  ),
)
