// Moves one job or a batch to a state that the caller chooses. Operations with more effects have
// their own files, such as finishJob.ts.

import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { JOBS } from '../database/rows/tables.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { batchOf } from './batch.ts'
import { JobNotFoundError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import {
  makeTransition,
  refusal,
  type TransitionCommand,
  type TransitionRefusal,
  validateTransition,
} from './makeTransition.ts'
import { changeJobs, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'
import { transitionTo } from './transition.ts'

export interface TransitionJobInput extends TransitionCommand {
  to: JobState
}

/**
 * Moves a job to the state `to` and returns the job after it. Runs one statement. Of several racing
 * callers at most one succeeds.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError (the job does not have the
 * expected version or state), InvalidInputError, ResponseTooLargeError. In all cases nothing was
 * written.
 */
export async function transitionJob(
  ledger: Ledger,
  input: TransitionJobInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<Job> {
  validateTransition(new InputCheck(ledger.limits), input).throwIfAny()
  return makeTransition(ledger, { transition: transitionTo(input.to, input), target: input }, returned)
}

/**
 * Makes up to `batchItems` transitions in one statement and one commit, in the given order. Each
 * item sees the effects of the items before it, also on the same job. Each item gets its own
 * result: the job right after the transition, or the reason why it was refused.
 *
 * @throws InvalidInputError if the batch is empty or too large; ResponseTooLargeError. In both
 * cases nothing was written.
 */
export async function transitionJobs(
  ledger: Ledger,
  inputs: Omit<TransitionJobInput, 'actor'>[],
  actor: string,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<(Job | TransitionRefusal)[]> {
  const batch = batchOf(ledger, inputs, (check, input) => validateTransition(check, { ...input, actor }))
  return batch.process(async (valid) => {
    const items = valid.map(({ jobId, ownerId, to, reason, metadata, expectedVersion, expectedState }) => ({
      jobId,
      ownerId,
      to,
      reason,
      metadata,
      expectedVersion,
      expectedState,
    }))
    const rows = await retryConflicts(() =>
      changeJobs<Job & { applied: boolean }>(
        ledger,
        {
          changes: madeTransitions(items, actor, returned),
          measured: [{ row: 'changed', from: Prisma.sql`changed WHERE applied` }],
          also: Prisma.sql`changed.applied`,
          orderBy: Prisma.sql`changed.ordinal`,
          needs: ['deletedAt'],
        },
        returned,
      ),
    )
    return valid.map((input, index) => {
      const { applied, ...job } = rows[index] as Job & { applied: boolean }
      if (applied) return job
      const current = job.id === null ? undefined : job
      // If the current job allows the transition, it was created after the attempt.
      return refusal(current, transitionTo(input.to, { actor }), input) ?? new JobNotFoundError(input.jobId)
    })
  })
}

interface BatchItem extends Omit<TransitionJobInput, 'actor'> {
  readonly ownerId: string | undefined
}

/**
 * The relation `changed` with the rows after the transitions. No transition changes the content, so
 * it is only read if needed.
 */
function madeTransitions(items: readonly BatchItem[], actor: string, { fields, bound }: ReturnedJob): Prisma.Sql {
  const readsContent = fields === undefined || fields.has('content') || bound?.shape.job.content !== undefined
  // Not a join, because the planner does not know how few rows the function returns and may scan
  // the whole table.
  const content = readsContent ? '(SELECT content FROM jobs WHERE made.applied AND jobs.id = (made.job).id)' : "''"
  const columns = Object.values(JOBS.columns).map(
    ({ name }) => `${name === 'content' ? content : `(made.job).${name}`} AS ${name}`,
  )
  return Prisma.sql`WITH made AS MATERIALIZED (
      SELECT * FROM jobledger.transition_jobs(${itemsInScope(items)}, ${actor})
    ), changed AS (
      SELECT made.ordinal, made.applied, ${Prisma.raw(columns.join(', '))} FROM made
    )`
}

/**
 * The items as JSON. An item whose job does not belong to its `ownerId` becomes empty, as if the
 * job did not exist.
 */
function itemsInScope(items: readonly BatchItem[]): Prisma.Sql {
  const json = Prisma.sql`${JSON.stringify(items)}::json`
  if (items.every(({ ownerId }) => ownerId === undefined)) return json
  return Prisma.sql`(
      SELECT json_agg(CASE WHEN item ->> 'ownerId' IS NULL OR EXISTS (
        SELECT FROM jobs WHERE id = (item ->> 'jobId')::uuid AND user_id = item ->> 'ownerId'
      ) THEN item ELSE '{}' END ORDER BY ordinality) FROM json_array_elements(${json}) WITH ORDINALITY AS items (item, ordinality))`
}
