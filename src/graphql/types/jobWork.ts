// The fields of Job that tell of its work: when it is due, how often it was tried, who holds it and until when.

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
    TOO_LONG: { description: 'Its lease is alive, but it takes too long.' },
  } as const,
})

builder.prismaObjectFields(Job, (t) => ({
  attempt: t.exposeInt('attempt'),
  maxAttempts: t.exposeInt('maxAttempts'),
  remainingAttempts: t.int({
    description:
      'Number of attempts that begin without a manual retry, not counting a running one. 0 if the job is finished or asked to stop. Released attempts do not count.',
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
      'Why the job is stuck; null if it is not. A job in `stuckJobs` is stuck by its `olderThanSeconds`, any other one after an hour of PROCESSING.',
    select: { state: true, startedAt: true, leaseExpiresAt: true },
    resolve: (job, _, context, info) => stuckReason(job, stuckThreshold(context, info)),
  }),
}))
