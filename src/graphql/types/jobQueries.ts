// The queries that return jobs, or count them.
import type { Prisma } from '../../database/generated/client.ts'
import { countJobs, countJobsByState } from '../../ledger/countJobs.ts'
import { getJob } from '../../ledger/getJob.ts'
import type { JobFilter as LedgerJobFilter } from '../../ledger/jobFilter.ts'
import { listJobs } from '../../ledger/listJobs.ts'
import { countStuckJobs, listStuckJobs, STUCK_AFTER_SECONDS } from '../../ledger/stuckJobs.ts'
import { builder } from '../builder.ts'
import { confinedTo, type GraphQLContext } from '../context.ts'
import { jobIdOf } from '../globalIds.ts'
import { costing, jobCountCost, jobsCost, stuckJobsCost } from '../limits/fieldCost.ts'
import { connectionSelection } from '../loading/selection.ts'
import { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'
import { Job, JobConnection, JobEdge } from './job.ts'
import { setStuckThreshold } from './stuckReason.ts'

export const JobFilter = builder.inputType('JobFilter', {
  description: 'Which jobs; all given conditions hold.',
  fields: (t) => ({
    userId: t.string({ description: 'Of this user.' }),
    states: t.field({ type: [JobStateEnum], description: 'In one of these states.' }),
    presets: t.stringList({ description: 'With one of these presets.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Created at this instant or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Created earlier than this instant.' }),
    completedAfter: t.field({
      type: 'DateTime',
      description: 'Completed, failed or cancelled at this instant or later.',
    }),
    completedBefore: t.field({
      type: 'DateTime',
      description: 'Completed, failed or cancelled earlier than this instant.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Contained in the metadata of the job, as jsonb @> means it.',
    }),
    includeDeleted: t.boolean({ defaultValue: false, description: 'Deleted jobs too.' }),
  }),
})

const JobOrderField = builder.enumType('JobOrderField', {
  description: 'What a list of jobs may be ordered by.',
  values: {
    CREATED_AT: { description: 'When they were created.' },
    UPDATED_AT: { description: 'When they last changed.' },
    COMPLETED_AT: {
      description: 'When they were completed, failed or cancelled; jobs that were not come last in either direction.',
    },
  } as const,
})

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'The direction of an order.',
  values: { ASC: { description: 'Earliest first.' }, DESC: { description: 'Latest first.' } } as const,
})

const JobOrder = builder.inputType('JobOrder', {
  description: 'The order of a list of jobs.',
  fields: (t) => ({
    field: t.field({ type: JobOrderField, required: true, defaultValue: 'CREATED_AT', description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, defaultValue: 'DESC', description: 'Which way.' }),
  }),
})

const StateCount = builder.objectRef<{ state: typeof JobStateEnum.$inferType; count: number }>('StateCount').implement({
  description: 'How many jobs are in a state.',
  fields: (t) => ({
    state: t.expose('state', { type: JobStateEnum, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'How many jobs are in it.' }),
  }),
})

/** The filter, and that the jobs are those that the caller may see. */
export function confined(context: GraphQLContext, filter: LedgerJobFilter | null | undefined): LedgerJobFilter {
  return { ...filter, ...confinedTo(context, 'read jobs') }
}

builder.queryFields((t) => ({
  job: t.prismaField({
    type: Job,
    nullable: true,
    description: 'The job with this id, deleted or not; null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'A global id or a UUID.' }) },
    resolve: (query, _, { id }, context) =>
      getJob(context.ledger, jobIdOf(id), { ...query, ...confinedTo(context, 'read jobs') }),
  }),
  jobs: t.connection(
    {
      type: Job,
      description: 'The jobs that a filter admits, the latest created first by default.',
      extensions: costing(jobsCost),
      args: {
        filter: t.arg({ type: JobFilter, description: 'Which jobs; all that are not deleted by default.' }),
        orderBy: t.arg({ type: JobOrder, description: 'In which order.' }),
      },
      resolve: async (_, args, context, info) => {
        const filter = confined(context, args.filter)
        const select = connectionSelection<Prisma.JobSelect>(context, info, 'Job')
        const page = await listJobs(context.ledger, { ...args, filter }, { select })
        return new Connection(page, () => countJobs(context.ledger, filter))
      },
    },
    JobConnection,
    JobEdge,
  ),
  stuckJobs: t.connection(
    {
      type: Job,
      description: 'The jobs that have been PROCESSING for too long, the one that started first at the head.',
      extensions: costing(stuckJobsCost),
      args: {
        olderThanSeconds: t.arg.int({
          defaultValue: STUCK_AFTER_SECONDS,
          description: 'PROCESSING for longer than so many seconds.',
        }),
      },
      resolve: async (_, args, context, info) => {
        const asked = { ...args, ...confinedTo(context, 'read jobs') }
        const select = connectionSelection<Prisma.JobSelect>(context, info, 'Job')
        const page = await listStuckJobs(context.ledger, asked, { select })
        setStuckThreshold(context, info, {
          at: page.at,
          olderThanSeconds: asked.olderThanSeconds ?? STUCK_AFTER_SECONDS,
        })
        return new Connection(page, () => countStuckJobs(context.ledger, asked))
      },
    },
    JobConnection,
    JobEdge,
  ),
}))

builder.queryFields((t) => ({
  jobCount: t.int({
    description: 'How many jobs a filter admits.',
    extensions: costing(jobCountCost),
    args: { filter: t.arg({ type: JobFilter, description: 'Which jobs; all that are not deleted by default.' }) },
    resolve: (_, { filter }, context) => countJobs(context.ledger, confined(context, filter)),
  }),
  jobCountsByState: t.field({
    type: [StateCount],
    description: 'How many jobs a filter admits in each state; all five states, zeroes included.',
    extensions: costing(jobCountCost),
    args: { filter: t.arg({ type: JobFilter, description: 'Which jobs; all that are not deleted by default.' }) },
    resolve: (_, { filter }, context) => countJobsByState(context.ledger, confined(context, filter)),
  }),
}))
