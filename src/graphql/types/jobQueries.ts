// The queries that return or count jobs.
import type { Job as JobRow } from '../../database/generated/client.ts'
import { objectShape } from '../../database/rows/selectList.ts'
import { JOBS } from '../../database/rows/tables.ts'
import { countJobs, countJobsByState } from '../../ledger/countJobs.ts'
import { getJobRow } from '../../ledger/getJob.ts'
import type { JobFilter as LedgerJobFilter } from '../../ledger/jobFilter.ts'
import { type ListJobsRequest, listJobRows } from '../../ledger/listJobs.ts'
import { countStuckJobs, listStuckJobRows, STUCK_AFTER_SECONDS, type StuckJobsRequest } from '../../ledger/stuckJobs.ts'
import { builder } from '../builder.ts'
import { type GraphQLContext, ownerScope } from '../context.ts'
import { jobIdGiven, jobIdOf } from '../globalIds.ts'
import { jobCountCost, jobsCost, stuckJobsCost, withCost } from '../limits/fieldCost.ts'
import { connectionOf } from '../loading/listConnection.ts'
import { type ListReads, type RowReads, readsList, readsRow } from '../plan/rootReads.ts'
import { JobStateEnum } from './enums.ts'
import { Job, JobConnection, JobEdge } from './job.ts'
import { setStuckThreshold } from './stuckReason.ts'

export const JobFilter = builder.inputType('JobFilter', {
  description: 'Selects jobs that meet all of the given conditions.',
  fields: (t) => ({
    userId: t.string({ description: 'Only jobs of this user.' }),
    ids: t.idList({ description: 'Only these jobs: global ids or UUIDs, at most 100.' }),
    states: t.field({ type: [JobStateEnum], description: 'Only jobs in one of these states.' }),
    excludeStates: t.field({ type: [JobStateEnum], description: 'Only jobs in none of these states.' }),
    presets: t.stringList({ description: 'Only jobs with one of these presets.' }),
    excludePresets: t.stringList({
      description: 'Only jobs with none of these presets. Jobs without a preset are included.',
    }),
    actor: t.string({ description: 'Only jobs whose latest transition was made by this actor.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Only jobs created at or after this instant.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Only jobs created before this instant.' }),
    startedAfter: t.field({
      type: 'DateTime',
      description: 'Only jobs whose current or last attempt started at or after this instant.',
    }),
    startedBefore: t.field({
      type: 'DateTime',
      description: 'Only jobs whose current or last attempt started before this instant.',
    }),
    updatedAfter: t.field({ type: 'DateTime', description: 'Only jobs changed at or after this instant.' }),
    updatedBefore: t.field({ type: 'DateTime', description: 'Only jobs last changed before this instant.' }),
    completedAfter: t.field({
      type: 'DateTime',
      description: 'Only jobs completed, failed or cancelled at or after this instant.',
    }),
    completedBefore: t.field({
      type: 'DateTime',
      description: 'Only jobs completed, failed or cancelled before this instant.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Only jobs whose metadata contains this object (operator @> of jsonb).',
    }),
    includeDeleted: t.boolean({ defaultValue: false, description: 'Include deleted jobs.' }),
  }),
})

const JobOrderField = builder.enumType('JobOrderField', {
  description: 'The field to order a list of jobs by.',
  values: {
    CREATED_AT: { description: 'The time of creation.' },
    UPDATED_AT: { description: 'The time of the last change.' },
    COMPLETED_AT: {
      description: 'The time of completion, failure or cancellation. Unfinished jobs come last in both directions.',
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
    field: t.field({
      type: JobOrderField,
      required: true,
      defaultValue: 'CREATED_AT',
      description: 'The field to order by.',
    }),
    direction: t.field({ type: OrderDirection, required: true, defaultValue: 'DESC', description: 'The direction.' }),
  }),
})

const StateCount = builder.objectRef<{ state: typeof JobStateEnum.$inferType; count: number }>('StateCount').implement({
  description: 'The number of jobs in a state.',
  fields: (t) => ({
    state: t.expose('state', { type: JobStateEnum, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'The number of jobs in the state.' }),
  }),
})

/**
 * The filter with the UUIDs of its ids. Returns malformed ids unchanged, which the ledger reports
 * with all other issues of the filter.
 */
export function filterGiven(filter: LedgerJobFilter | null | undefined): LedgerJobFilter {
  return { ...filter, ids: filter?.ids?.map(jobIdGiven) }
}

/**
 * Limits a filter to the jobs that the caller may read.
 *
 * @throws ForbiddenError if it may read no jobs
 */
export function scopedFilter(context: GraphQLContext, filter: LedgerJobFilter | null | undefined): LedgerJobFilter {
  return { ...filterGiven(filter), ...ownerScope(context, 'jobs:read') }
}

const job: RowReads = {
  table: JOBS,
  row: ({ id }: { id: string }, { context }, shape) =>
    getJobRow(context.ledger, { jobId: jobIdOf('id', id), ...ownerScope(context, 'jobs:read') }, shape),
}

const jobs: ListReads = {
  typeName: 'Job',
  table: JOBS,
  page: (args: ListJobsRequest, { context }, shape) =>
    listJobRows(context.ledger, { ...args, filter: scopedFilter(context, args.filter) }, shape),
  count: ({ filter }: ListJobsRequest, { context }) => countJobs(context.ledger, scopedFilter(context, filter)),
}

const stuckJobs: ListReads = {
  typeName: 'Job',
  table: JOBS,
  page: async (args: StuckJobsRequest, { context, info }, shape) => {
    const page = await listStuckJobRows(context.ledger, { ...args, ...ownerScope(context, 'jobs:read') }, shape)
    const olderThanSeconds = args.olderThanSeconds ?? STUCK_AFTER_SECONDS
    setStuckThreshold(context, info, { at: page.at, olderThanSeconds })
    return page
  },
  count: (args: StuckJobsRequest, { context }) =>
    countStuckJobs(context.ledger, { ...args, ...ownerScope(context, 'jobs:read') }),
}

builder.queryFields((t) => ({
  job: t.prismaField({
    type: Job,
    nullable: true,
    description: 'The job with this id, even if it is deleted; null if it does not exist.',
    extensions: readsRow(job),
    args: { id: t.arg.id({ required: true, description: 'A global id or a UUID.' }) },
    // biome-ignore lint/complexity/useMaxParams: the signature is that of Pothos
    resolve: ({ select }, _, args, context, info) =>
      job.row(args, { context, info }, objectShape<JobRow>(JOBS, select)),
  }),
  jobs: t.connection(
    {
      type: Job,
      description: 'The jobs that match the filter, by default newest first.',
      extensions: { ...withCost(jobsCost), ...readsList(jobs) },
      args: {
        filter: t.arg({ type: JobFilter, description: 'Which jobs; by default all that are not deleted.' }),
        orderBy: t.arg({ type: JobOrder, description: 'The order of the list.' }),
      },
      resolve: (_, args, context, info) => connectionOf<JobRow>(jobs, args, { context, info }),
    },
    JobConnection,
    JobEdge,
  ),
  stuckJobs: t.connection(
    {
      type: Job,
      description: 'The jobs that have been PROCESSING for too long, ordered by start, earliest first.',
      extensions: { ...withCost(stuckJobsCost), ...readsList(stuckJobs) },
      args: {
        olderThanSeconds: t.arg.int({
          defaultValue: STUCK_AFTER_SECONDS,
          description: 'Minimum time in PROCESSING, in seconds.',
        }),
      },
      resolve: (_, args, context, info) => connectionOf<JobRow>(stuckJobs, args, { context, info }),
    },
    JobConnection,
    JobEdge,
  ),
}))

builder.queryFields((t) => ({
  jobCount: t.int({
    description: 'The number of jobs that match the filter.',
    extensions: { ...withCost(jobCountCost), value: true },
    args: { filter: t.arg({ type: JobFilter, description: 'Which jobs; by default all that are not deleted.' }) },
    resolve: (_, { filter }, context) => countJobs(context.ledger, scopedFilter(context, filter)),
  }),
  jobCountsByState: t.field({
    type: [StateCount],
    description: 'The number of jobs that match the filter, for each of the five states, including zeroes.',
    extensions: { ...withCost(jobCountCost), value: true },
    args: { filter: t.arg({ type: JobFilter, description: 'Which jobs; by default all that are not deleted.' }) },
    resolve: (_, { filter }, context) => countJobsByState(context.ledger, scopedFilter(context, filter)),
  }),
}))
