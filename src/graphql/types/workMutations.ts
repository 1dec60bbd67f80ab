// The mutations by which workers take jobs, keep them and give them back, and by which others retry, stop and rescue them.
import { claimJobs } from '../../ledger/claimJobs.ts'
import { extendLeases } from '../../ledger/extendLeases.ts'
import { releaseJob } from '../../ledger/releaseJob.ts'
import { requestJobCancellation } from '../../ledger/requestJobCancellation.ts'
import { rescueStuckJobs } from '../../ledger/rescueStuckJobs.ts'
import { retryJob } from '../../ledger/retryJob.ts'
import { builder } from '../builder.ts'
import { jobIdGiven } from '../globalIds.ts'
import { jobAnswer } from '../limits/jobAnswer.ts'
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
      'Hands the first jobs of the queue to a worker: those that are due move from PENDING to PROCESSING, by priority, then by how long they have been due. Two workers never get one job.',
    args: { input: t.arg({ type: ClaimJobsInput, required: true, description: 'Which, and for how long.' }) },
    resolve: async (_, { input }, context, info) => {
      const answer = jobAnswer(context, info)
      const jobIds = input.jobIds?.map(jobIdGiven)
      return { jobs: await claimJobs(context.ledger, { ...input, jobIds, actor: context.caller.actor }, answer) }
    },
  }),
  extendLeases: t.field({
    type: ExtendLeasesResult,
    nullable: true,
    description: 'Extends the leases of jobs that a worker holds, and tells it which it has lost and which to stop.',
    args: { input: t.arg({ type: ExtendLeasesInput, required: true, description: 'The jobs.' }) },
    resolve: (_, { input }, context, info) => {
      const answer = jobAnswer(context, info)
      const leases = input.leases.map(({ jobId, version }) => ({ jobId: jobIdGiven(jobId), version }))
      return extendLeases(context.ledger, { ...input, leases }, answer)
    },
  }),
  releaseJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description:
      'Gives a job back: it moves from PROCESSING to PENDING without using up an attempt. If it was asked to be cancelled, it is.',
    args: { input: t.arg({ type: ReleaseJobInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const answer = jobAnswer(context, info)
      const job = withinScope(context.caller, WORK, input)
      const release = () => releaseJob(context.ledger, job, answer)
      return { job: await logStaleWorker(context, { operation: 'releaseJob', jobId: job.jobId }, release) }
    },
  }),
}))

builder.mutationFields((t) => ({
  retryJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description: 'Tries a failed job once more, also when its attempts are used up: it moves from FAILED to PENDING.',
    args: { input: t.arg({ type: RetryJobInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const answer = jobAnswer(context, info)
      return { job: await retryJob(context.ledger, withinScope(context.caller, 'retry jobs', input), answer) }
    },
  }),
  requestJobCancellation: t.field({
    type: TransitionJobResult,
    nullable: true,
    description:
      'Cancels a PENDING job at once. Of a PROCESSING one its worker is asked to stop: `cancelRequestedAt` is set, no state changes, and the job is cancelled when the worker has stopped or its lease ends. A job without a lease, as those of `jobledger run` are, has no worker that would hear of it: it goes on.',
    args: { input: t.arg({ type: RequestJobCancellationInput, required: true, description: 'The job.' }) },
    resolve: async (_, { input }, context, info) => {
      const answer = jobAnswer(context, info)
      const job = withinScope(context.caller, 'cancel jobs', input)
      return { job: await requestJobCancellation(context.ledger, job, answer) }
    },
  }),
  rescueStuckJobs: t.field({
    type: RescueStuckJobsResult,
    nullable: true,
    description:
      'Takes jobs away from workers that are gone: back to PENDING, or FAILED (result TIMEOUT) when their attempts are used up, or CANCELLED if that was asked for. A job under a live lease is never touched. A job of `jobledger run` has none, so `olderThanSeconds` also ends those whose programs are still going on.',
    args: { input: t.arg({ type: RescueStuckJobsInput, required: true, description: 'Which.' }) },
    resolve: (_, { input }, { ledger, caller }) => rescueStuckJobs(ledger, { ...input, actor: caller.actor }),
  }),
}))
