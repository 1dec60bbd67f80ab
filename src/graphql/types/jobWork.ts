// The fields of Job that tell of its work: when it is due, how often it was tried, who holds it and until when.

import { attemptsLeft } from '../../ledger/attemptsLeft.ts'
import { stuckReason } from '../../ledger/stuckJobs.ts'
import { builder } from '../builder.ts'
import { Job } from './job.ts'
import { stuckThreshold } from './stuckReason.ts'

builder.prismaObjectFields(Job, (t) => ({
  attempt: t.exposeInt('attempt'),
  maxAttempts: t.exposeInt('maxAttempts'),
  attemptsLeft: t.int({
    description:
      'How often the job will still be tried by itself, beside an attempt that is going on: 0 if it is finished or asked to be cancelled. Attempts that were given back do not count.',
    select: { state: true, attempt: true, maxAttempts: true, releases: true, cancelRequestedAt: true },
    resolve: attemptsLeft,
  }),
  priority: t.exposeInt('priority'),
  runAt: t.expose('runAt', { type: 'DateTime' }),
  leaseExpiresAt: t.expose('leaseExpiresAt', { type: 'DateTime', nullable: true }),
  cancelRequestedAt: t.expose('cancelRequestedAt', { type: 'DateTime', nullable: true }),
  stuckReason: t.string({
    nullable: true,
    description:
      'Why the job is stuck: `lease expired`, `no lease`, or `too long` (its lease is alive). Null if it is not: below stuckJobs by the time asked for, elsewhere by an hour.',
    select: { state: true, startedAt: true, leaseExpiresAt: true },
    resolve: (job, _, context, info) => stuckReason(job, stuckThreshold(context, info)),
  }),
}))
