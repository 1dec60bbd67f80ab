// Query.jobStats: what happened to jobs, by time.
import { type JobStatsBucket, jobStats, MAX_BUCKETS } from '../../ledger/jobStats.ts'
import { builder } from '../builder.ts'
import { costing, jobStatsCost } from '../limits/fieldCost.ts'
import { confined, JobFilter } from './jobQueries.ts'

const WITHIN = 'within 2 %; null if there was none'

const StatsBucket = builder.enumType('StatsBucket', {
  description: 'How long a bucket of statistics is.',
  values: {
    MINUTE: { description: 'A minute.' },
    HOUR: { description: 'An hour.' },
    DAY: { description: 'A day, from midnight to midnight in UTC.' },
  } as const,
})

const JobStatsBucketType = builder.objectRef<JobStatsBucket>('JobStatsBucket').implement({
  description: 'What happened to jobs in a minute, an hour or a day.',
  fields: (t) => ({
    start: t.expose('start', {
      type: 'DateTime',
      description: 'When the bucket begins; it ends where the next begins.',
    }),
    created: t.exposeInt('created', { description: 'How many jobs were created.' }),
    started: t.exposeInt('started', { description: 'How often a job went to PROCESSING.' }),
    completed: t.exposeInt('completed', { description: 'How often a job went to COMPLETED.' }),
    failed: t.exposeInt('failed', { description: 'How often a job went to FAILED, also if it was retried.' }),
    cancelled: t.exposeInt('cancelled', {
      description:
        'How often a job went from PENDING or PROCESSING to CANCELLED, also because it was deleted. The deletion of a job that had ended is not counted.',
    }),
    medianWaitMs: t.exposeInt('medianWaitMs', {
      nullable: true,
      description: `The median of how long the jobs that were started had been PENDING, since their creation or since they came back, in milliseconds; ${WITHIN}.`,
    }),
    medianProcessingMs: t.exposeInt('medianProcessingMs', {
      nullable: true,
      description: `The median of how long the jobs that were completed or failed had been PROCESSING, in milliseconds; ${WITHIN}.`,
    }),
    p95ProcessingMs: t.exposeInt('p95ProcessingMs', {
      nullable: true,
      description: `How long 95 % of the jobs that were completed or failed had been PROCESSING at most, in milliseconds; ${WITHIN}.`,
    }),
  }),
})

builder.queryField('jobStats', (t) =>
  t.field({
    type: [JobStatsBucketType],
    extensions: costing(jobStatsCost),
    description: `What happened to jobs by time, up to this moment: the buckets that the time from \`from\` to \`to\` touches, each whole, in order, empty ones included; ${MAX_BUCKETS} at most. Deleted jobs count, whatever \`includeDeleted\` says: otherwise the past would change whenever old jobs are cleaned up. By user (MINUTE: of all users) it is read from sums that are kept; by any other filter from the records, which takes as long as there are many.`,
    args: {
      filter: t.arg({
        type: JobFilter,
        description: 'Of which jobs, as they are now; all by default. `includeDeleted` is left out of account.',
      }),
      from: t.arg({ type: 'DateTime', required: true, description: 'Inclusive.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Exclusive.' }),
      bucket: t.arg({ type: StatsBucket, required: true, description: 'How long a bucket is.' }),
    },
    resolve: (_, args, context) => jobStats(context.ledger, { ...args, filter: confined(context, args.filter) }),
  }),
)
