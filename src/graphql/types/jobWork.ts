// The fields of Job about its execution: schedule, attempts, lease and cancellation.

import { remainingAttempts } from '../../ledger/remainingAttempts.ts'
import { stuckReason } from '../../ledger/stuckJobs.ts'
import { builder } from '../builder.ts'
import { Job } from './job.ts'
import { stuckThreshold } from './stuckReason.ts'

const StuckReasonEnum = builder.enumType('StuckReason', {
  description: 'Why a job is stuck: it has been PROCESSING for too long.',
  values: {
    LEASE_EXPIRED: { description: 'Its lease has expired: the worker is gone.' },
    NO_LEASE: { description: 'It has no lease.' },
    TOO_LONG: { description: 'Its lease is active, but it takes too long.' },
  } as const,
})

builder.prismaObjectFields(Job, (t) => ({
  attempt: t.exposeInt('attempt'),
  maxAttempts: t.exposeInt('maxAttempts'),
  remainingAttempts: t.int({
    description:
      'Number of automatic attempts that remain, without the current one; 0 if the job is ' +
      'finished or its cancellation was requested. Released attempts do not count.',
    select: { state: true, attempt: true, maxAttempts: true, releases: true, cancelRequestedAt: true },
    resolve: remainingAttempts,
  }),
  priority: t.exposeInt('priority'),
  runAt: t.expose('runAt', { type: 'DateTime' }),
  leaseExpiresAt: t.expose('leaseExpiresAt', { type: 'DateTime', nullable: true }),
  cancelRequestedAt: t.expose('cancelRequestedAt', { type: 'DateTime', nullable: true }),
  stuckReason: t.field({
    type: StuckReasonEnum,
    nullable: true,
    description:
      'Why the job is stuck; null if it is not. Below `stuckJobs`, its `olderThanSeconds` is ' +
      'the threshold; elsewhere, one hour.',
    select: { state: true, startedAt: true, leaseExpiresAt: true },
    resolve: (job, _, context, info) => stuckReason(job, stuckThreshold(context, info)),
  }),
}))
