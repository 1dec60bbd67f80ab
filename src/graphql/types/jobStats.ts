// Query.jobStats: statistics of jobs per minute, hour or day.
import { type JobStatsBucket, jobStats, MAX_BUCKETS } from '../../ledger/jobStats.ts'
import { builder } from '../builder.ts'
import { jobStatsCost, withCost } from '../limits/fieldCost.ts'
import { JobFilter, scopedFilter } from './jobQueries.ts'

const ACCURACY = 'with at most 2 % error; null without such jobs'

const StatsBucket = builder.enumType('StatsBucket', {
  description: 'The length of a bucket of statistics.',
  values: {
    MINUTE: { description: 'One minute.' },
    HOUR: { description: 'One hour.' },
    DAY: { description: 'One day, from midnight to midnight UTC.' },
  } as const,
})

const JobStatsBucketType = builder.objectRef<JobStatsBucket>('JobStatsBucket').implement({
  description: 'Statistics of one minute, hour or day.',
  fields: (t) => ({
    start: t.expose('start', {
      type: 'DateTime',
      description: 'The start of the bucket. It ends at the start of the next one.',
    }),
    created: t.exposeInt('created', { description: 'Number of jobs that were created.' }),
    started: t.exposeInt('started', { description: 'Number of transitions to PROCESSING.' }),
    completed: t.exposeInt('completed', { description: 'Number of transitions to COMPLETED.' }),
    failed: t.exposeInt('failed', {
      description: 'Number of transitions to FAILED, including jobs that were retried.',
    }),
    cancelled: t.exposeInt('cancelled', {
      description:
        'Number of transitions from PENDING or PROCESSING to CANCELLED, including deletions. ' +
        'Deletions of finished jobs do not count.',
    }),
    medianWaitMs: t.exposeInt('medianWaitMs', {
      nullable: true,
      description:
        'Median time in PENDING of the jobs that started, since they were created or last ' +
        `returned to PENDING, in milliseconds, ${ACCURACY}.`,
    }),
    medianProcessingMs: t.exposeInt('medianProcessingMs', {
      nullable: true,
      description: `Median time in PROCESSING of the jobs that completed or failed, in milliseconds, ${ACCURACY}.`,
    }),
    p95ProcessingMs: t.exposeInt('p95ProcessingMs', {
      nullable: true,
      description:
        '95th percentile of the time in PROCESSING of the jobs that completed or failed, in ' +
        `milliseconds, ${ACCURACY}.`,
    }),
  }),
})

builder.queryField('jobStats', (t) =>
  t.field({
    type: [JobStatsBucketType],
    extensions: withCost(jobStatsCost),
    description: `Statistics of jobs over time: all buckets that overlap the range from \`from\` to \`to\`, each complete, in order, including empty ones; at most ${MAX_BUCKETS}. Deleted jobs always count, so that a cleanup does not change past buckets. Without a filter, or for HOUR and DAY filtered only by user, the statistics are read from the roll-up. With other filters they are computed from the records, which takes longer the more there are.`,
    args: {
      filter: t.arg({
        type: JobFilter,
        description: 'Which jobs, as they are now; by default all. `includeDeleted` is ignored.',
      }),
      from: t.arg({ type: 'DateTime', required: true, description: 'Start of the range, inclusive.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'End of the range, exclusive.' }),
      bucket: t.arg({ type: StatsBucket, required: true, description: 'The length of a bucket.' }),
    },
    resolve: (_, args, context) => jobStats(context.ledger, { ...args, filter: scopedFilter(context, args.filter) }),
  }),
)
