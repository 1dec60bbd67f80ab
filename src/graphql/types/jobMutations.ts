// The mutations on jobs. Each adds the caller to its input and calls the ledger operation of the
// same name. Pothos turns refusals into members of the result union.
import type { Job as JobRow } from '../../database/generated/client.ts'
import { cleanupJobs } from '../../ledger/cleanupJobs.ts'
import { createJob, createJobs } from '../../ledger/createJob.ts'
import { deleteJob } from '../../ledger/deleteJob.ts'
import { LedgerError } from '../../ledger/errors.ts'
import { completeJob, failJob } from '../../ledger/finishJob.ts'
import { setJobResult } from '../../ledger/jobResult.ts'
import { transitionJob, transitionJobs } from '../../ledger/transitionJob.ts'
import { builder } from '../builder.ts'
import { jobIdGiven } from '../globalIds.ts'
import { returnedJob } from '../limits/returnedJob.ts'
import { markRowLoaded } from '../loading/selection.ts'
import { authorizeEach, scopedTransitions, WORK, withinScope, withOwner } from '../ownership.ts'
import { logStaleWorker } from '../staleWorkerLog.ts'
import {
  CleanupJobsInput,
  CompleteJobInput,
  CreateJobInput,
  DeleteJobInput,
  FailJobInput,
  SetJobResultInput,
  TransitionJobInput,
} from './jobInputs.ts'
import {
  CleanupJobsResult,
  CreateJobResult,
  DeleteJobResult,
  SetJobResultResult,
  TransitionJobResult,
} from './mutationResults.ts'

const toSuccess = (job: JobRow) => ({ job })

/**
 * Runs the items that are not refused in one batch, and returns its results and the refusals in the
 * order of the items.
 */
async function mergeRefusals<Item, Result>(
  items: readonly Item[],
  run: (accepted: Exclude<Item, LedgerError>[]) => Promise<Result[]>,
): Promise<(Result | Extract<Item, LedgerError>)[]> {
  const isRefused = (item: Item): item is Extract<Item, LedgerError> => item instanceof LedgerError
  const accepted = items.filter((item) => !isRefused(item)) as Exclude<Item, LedgerError>[]
  // The ledger refuses an empty batch.
  const results = accepted.length > 0 || items.length === 0 ? await run(accepted) : []
  let next = 0
  return items.map((item) => (isRefused(item) ? item : (results[next++] as Result)))
}

builder.mutationFields((t) => ({
  createJob: t.field({
    type: CreateJobResult,
    nullable: true,
    description: 'Creates a job in the state PENDING.',
    args: { input: t.arg({ type: CreateJobInput, required: true, description: 'The job.' }) },
    resolve: (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const owned = withOwner(context.caller, input)
      if (owned instanceof LedgerError) throw owned
      return createJob(context.ledger, owned, context.caller.actor, returned)
    },
  }),
  createJobs: t.field({
    type: [CreateJobResult],
    description: 'Creates 1 to 1000 jobs in one statement. Returns a result for each, in order.',
    args: { inputs: t.arg({ type: [CreateJobInput], required: true, description: 'The jobs.' }) },
    resolve: (_, { inputs }, context, info) => {
      const returned = returnedJob(context, info)
      const { ledger, caller } = context
      const owned = authorizeEach(inputs, 'userId', (input) => withOwner(caller, input))
      return mergeRefusals(owned, (accepted) => createJobs(ledger, accepted, caller.actor, returned))
    },
  }),
  transitionJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description: 'Moves a job to another state.',
    args: { input: t.arg({ type: TransitionJobInput, required: true, description: 'The transition.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const [transition] = scopedTransitions(context.caller, [input])
      if (transition === undefined || transition instanceof LedgerError) throw transition
      return toSuccess(await transitionJob(context.ledger, transition, returned))
    },
  }),
  transitionJobs: t.field({
    type: [TransitionJobResult],
    description: 'Makes 1 to 1000 transitions in one statement, in order. Returns a result for each.',
    args: { inputs: t.arg({ type: [TransitionJobInput], required: true, description: 'The transitions.' }) },
    resolve: async (_, { inputs }, context, info) => {
      const returned = returnedJob(context, info)
      const { ledger, caller } = context
      const transitions = scopedTransitions(caller, inputs)
      const results = await mergeRefusals(transitions, (accepted) =>
        transitionJobs(ledger, accepted, caller.actor, returned),
      )
      return results.map((result) => (result instanceof LedgerError ? result : toSuccess(result)))
    },
  }),
}))

builder.mutationFields((t) => ({
  setJobResult: t.field({
    type: SetJobResultResult,
    nullable: true,
    description: 'Creates or replaces the result of a job. Repeating it with the same input changes nothing.',
    args: { input: t.arg({ type: SetJobResultInput, required: true, description: 'The result.' }) },
    resolve: async (_, { input }, context, info) => {
      markRowLoaded(context, info, 'JobResult', 'result')
      const returned = returnedJob(context, info)
      const { actor } = context.caller
      const result = { ...input, jobId: jobIdGiven(input.jobId), actor }
      return { result: await setJobResult(context.ledger, result, returned) }
    },
  }),
  deleteJob: t.field({
    type: DeleteJobResult,
    nullable: true,
    description: 'Soft-deletes a job: its state becomes CANCELLED, and its row, history and result are kept.',
    args: { input: t.arg({ type: DeleteJobInput, required: true, description: 'The job.' }) },
    resolve: (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      return deleteJob(context.ledger, withinScope(context.caller, 'jobs:delete', input), returned)
    },
  }),
  cleanupJobs: t.field({
    type: CleanupJobsResult,
    nullable: true,
    description: 'Soft-deletes old jobs, by default only finished ones.',
    args: { input: t.arg({ type: CleanupJobsInput, required: true, description: 'The jobs to delete.' }) },
    resolve: async (_, { input }, { ledger, caller }) => ({
      count: await cleanupJobs(ledger, { ...input, actor: caller.actor }),
    }),
  }),
}))

builder.mutationFields((t) => ({
  completeJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description: 'Moves a job from PROCESSING to COMPLETED and sets its result to SUCCESS, in one transaction.',
    args: { input: t.arg({ type: CompleteJobInput, required: true, description: 'The job and its result.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const job = withinScope(context.caller, WORK, input)
      const complete = () => completeJob(context.ledger, job, returned)
      return toSuccess(await logStaleWorker(context, { operation: 'completeJob', jobId: job.jobId }, complete))
    },
  }),
  failJob: t.field({
    type: TransitionJobResult,
    nullable: true,
    description: 'Moves a job from PROCESSING to FAILED and sets its result to ERROR or TIMEOUT, in one transaction.',
    args: { input: t.arg({ type: FailJobInput, required: true, description: 'The job and its result.' }) },
    resolve: async (_, { input }, context, info) => {
      const returned = returnedJob(context, info)
      const job = withinScope(context.caller, WORK, input)
      const fail = () => failJob(context.ledger, job, returned)
      return toSuccess(await logStaleWorker(context, { operation: 'failJob', jobId: job.jobId }, fail))
    },
  }),
}))
