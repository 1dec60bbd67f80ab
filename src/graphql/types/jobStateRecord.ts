// JobStateRecord: a line of the ledger, and the query for the lines of all jobs.
import { countJobStateRecords, listJobStateRecords } from '../../ledger/jobHistory.ts'
import { MAX_INT } from '../../ledger/limits.ts'
import type { JobStateRecordFilter as RecordFilter } from '../../ledger/recordFilter.ts'
import { builder } from '../builder.ts'
import { confinedTo, type GraphQLContext, visibleJobs } from '../context.ts'
import { jobIdOf } from '../globalIds.ts'
import { costing, recordsCost } from '../limits/fieldCost.ts'
import { connectionSelection } from '../loading/selection.ts'
import { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'

export const JobStateRecord = builder.prismaNode('JobStateRecord', {
  id: { resolve: (record) => String(record.id), description: 'The global id.' },
  findUnique: (id, context) => ({ id: BigInt(id), job: visibleJobs(context) }),
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
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
    previousStateDurationMs: t.int({
      nullable: true,
      description:
        'How long the job had been in the state before, in milliseconds; null for the record of the creation. What exceeds an Int (24.8 days) is given as 2147483647.',
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
        description: 'How many records the whole list has; counted only when asked for.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobStateRecordEdge,
)

export const JobStateRecordFilter = builder.inputType('JobStateRecordFilter', {
  description: 'Which records; all given conditions hold.',
  fields: (t) => ({
    jobId: t.id({ description: 'Of this job.' }),
    userId: t.string({ description: 'Of jobs of this user.' }),
    actor: t.string({ description: 'Of transitions made by this actor.' }),
    previousStates: t.field({ type: [JobStateEnum], description: 'Leading out of one of these states.' }),
    newStates: t.field({ type: [JobStateEnum], description: 'Leading into one of these states.' }),
    after: t.field({ type: 'DateTime', description: 'At this instant or later.' }),
    before: t.field({ type: 'DateTime', description: 'Earlier than this instant.' }),
  }),
})

/** As the caller gives it, confined to what the caller may see. @throws ForbiddenError if that is nothing */
export function recordFilterOf(
  context: GraphQLContext,
  given: typeof JobStateRecordFilter.$inferInput | null | undefined,
): RecordFilter {
  const { jobId, ...others } = given ?? {}
  return { ...others, jobId: jobId == null ? null : jobIdOf(jobId), ...confinedTo(context, 'read jobs') }
}

builder.queryField('jobStateRecords', (t) =>
  t.connection(
    {
      type: JobStateRecord,
      description: 'The records of all jobs, newest first.',
      extensions: costing(recordsCost),
      args: { filter: t.arg({ type: JobStateRecordFilter, description: 'Which records; all by default.' }) },
      resolve: async (_, args, context, info) => {
        const filter = recordFilterOf(context, args.filter)
        const page = await listJobStateRecords(
          context.ledger,
          { ...args, filter },
          { select: connectionSelection(context, info, 'JobStateRecord') },
        )
        return new Connection(page, () => countJobStateRecords(context.ledger, filter))
      },
    },
    JobStateRecordConnection,
    JobStateRecordEdge,
  ),
)
