// The mutations that claim, extend, release, retry, cancel and rescue jobs.
import { claimJobs } from '../../ledger/claimJobs.ts'
import { extendLeases } from '../../ledger/extendLeases.ts'
import { releaseJob } from '../../ledger/releaseJob.ts'
import { requestJobCancellation } from '../../ledger/requestJobCancellation.ts'
import { rescueStuckJobs } from '../../ledger/rescueStuckJobs.ts'
import { retryJob } from '../../ledger/retryJob.ts'
import { builder } from '../builder.ts'
import { jobIdGiven } from '../globalIds.ts'
import { returnedJob } from '../limits/returnedJob.ts'
import { WORK, withinScope } from '../ownership.ts'
import { logStaleWorker } from '../staleWorkerLog.ts'
import { TransitionJobResult } from './mutationResults.ts'
import {
  ClaimJobsInput,
  ExtendLeasesInput,
  ReleaseJobInput,
  RequestJobCancellationInput,
  RescueStuckJobsInput,
  RetryJobInput,
} from './workInputs.ts'
import { ClaimJobsResult, ExtendLeasesResult, RescueStuckJobsResult } from './workResults.ts'

builder.mutationFields((t) => ({
  claimJobs: t.field({
    type: ClaimJobsResult,
    nullable: true,
    description:
      'Claims jobs for a worker: moves due jobs from PENDING to PROCESSING, by priority, ' +
      'then by `runAt`. Two workers never get the same job.',
    args: { input: t.arg({ type: ClaimJobsInput, required: true, description: 'Which jobs, and for how long.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const jobIds = input.jobIds?.map(jobIdGiven)
      return { jobs: await claimJobs(context.ledger, { ...input, jobIds, actor: context.caller.actor }, returned) }
    },
  }),
  extendLeases: t.field({
    type: ExtendLeasesResult,
    nullable: true,
    description:
      'Extends the leases of jobs that a worker holds. Reports which jobs it has lost and which it must stop.',
    args: { input: t.arg({ type: ExtendLeasesInput, required: true, description: 'The leases.' }) },
    resolve: (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const leases = input.leases.map(({ jobId, version }) => ({ jobId: jobIdGiven(jobId), version }))
      return extendLeases(context.ledger, { ...input, leases }, returned)
    },
  }),
  releaseJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description:
      'Releases a job: moves it from PROCESSING to PENDING without using up an attempt. If ' +
      'its cancellation was requested, the job becomes CANCELLED instead.',
    args: { input: t.arg({ type: ReleaseJobInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const job = withinScope(context.caller, WORK, input)
      const release = () => releaseJob(context.ledger, job, returned)
      return { job: await logStaleWorker(context, { operation: 'releaseJob', jobId: job.jobId }, release) }
    },
  }),
}))

builder.mutationFields((t) => ({
  retryJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description: 'Retries a failed job, even if its attempts are used up: moves it from FAILED to PENDING.',
    args: { input: t.arg({ type: RetryJobInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      return { job: await retryJob(context.ledger, withinScope(context.caller, 'jobs:retry', input), returned) }
    },
  }),
  requestJobCancellation: t.field({
    type: TransitionJobResult,
    nullable: true,
    description:
      'Cancels a PENDING job at once. For a PROCESSING job, sets `cancelRequestedAt`, which ' +
      'asks its worker to stop; the job becomes CANCELLED when the worker has stopped or the ' +
      'lease ends. A PROCESSING job without a lease, such as one of `jobledger run`, has no ' +
      'worker to notify and continues.',
    args: { input: t.arg({ type: RequestJobCancellationInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const job = withinScope(context.caller, 'jobs:cancel', input)
      return { job: await requestJobCancellation(context.ledger, job, returned) }
    },
  }),
  rescueStuckJobs: t.field({
    type: RescueStuckJobsResult,
    nullable: true,
    description:
      'Rescues jobs of lost workers: moves them to PENDING, to FAILED (result TIMEOUT) if ' +
      'their attempts are used up, or to CANCELLED if that was requested. Jobs with an ' +
      'active lease are not affected. Jobs of `jobledger run` have no lease, so ' +
      '`olderThanSeconds` also ends those whose programs are still running.',
    args: { input: t.arg({ type: RescueStuckJobsInput, required: true, description: 'Which jobs.' }) },
    resolve: (_, { input }, { ledger, caller }) => rescueStuckJobs(ledger, { ...input, actor: caller.actor }),
  }),
}))
