// Moves jobs from state to state. Each transition is a compare-and-set on the row of the job; the record of it is written by
// the database in the same commit. Transitions that also bring a result are in finishJob.ts.
import { retryConflicts } from '../database/faults.ts'
import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { JOBS } from '../database/rows/tables.ts'
import { batchOf } from './batch.ts'
import { IllegalTransitionError, type InvalidInputError, JobNotFoundError, VersionConflictError } from './errors.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import { changeJobs, type JobAnswer, jobAsIs, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { isLegalTransition, sourcesOf } from './states.ts'

/** What the author of a transition says about it, and at which version and state it expects the job. */
export interface TransitionNote {
  jobId: string
  actor: string
  reason?: string | null | undefined
  metadata?: JsonObject | null | undefined
  expectedVersion?: number | null | undefined
  expectedState?: JobState | null | undefined
}

export interface TransitionJobInput extends TransitionNote {
  to: JobState
}

/** A transition that is another operation from another state: what releases a job must not retry it. */
export interface TransitionFrom extends TransitionJobInput {
  from: JobState
}

/** Why a transition may not happen. */
export type TransitionRefusal = JobNotFoundError | IllegalTransitionError | VersionConflictError | InvalidInputError

/**
 * Moves a job to the state `to` and returns the job as it is then. One statement; of racing callers at most one wins.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError (the job is not at the expected version or state),
 * InvalidInputError, AnswerTooLargeError. Then nothing was written.
 */
export async function transitionJob(
  ledger: Ledger,
  input: TransitionJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  checkNote(new InputCheck(ledger.limits), input).done()
  const { jobId: id, to, expectedState, expectedVersion } = input
  const sources = sourcesOf(to).filter((state) => expectedState == null || state === expectedState)
  return untilDecided(ledger, input, async () => {
    // Work that is given back does not count as tried. The database takes it back where it was none.
    const changes = Prisma.sql`WITH changed AS (
      UPDATE jobs SET state = ${to}::job_state, version = version + 1, state_reason = ${input.reason ?? null},
        state_actor = ${input.actor}, state_metadata = ${JSON.stringify(input.metadata ?? {})}::jsonb,
        releases = releases + ${to === 'PENDING' ? 1 : 0}, state_error = ${(to === 'FAILED' ? input.reason : null) ?? null}::text
      WHERE id = ${id}::uuid AND state = ANY (${sources}::job_state[]) AND version = coalesce(${expectedVersion ?? null}::integer, version)
      RETURNING *)`
    const [job] = await changeJobs(ledger, { changes }, answer)
    return job
  })
}

/**
 * Makes up to `batchItems` transitions in one statement and one commit, in the order given: an item sees those before it, also of
 * the same job. Each is answered for itself, by the job as it was right after it or by the reason why it did not happen.
 *
 * @throws InvalidInputError if there are no items or too many; AnswerTooLargeError. Then nothing was written.
 */
export async function transitionJobs(
  ledger: Ledger,
  inputs: Omit<TransitionJobInput, 'actor'>[],
  actor: string,
  answer: JobAnswer = WHOLE_JOB,
): Promise<(Job | TransitionRefusal)[]> {
  const batch = batchOf(ledger, inputs, (check, input) => checkNote(check, { ...input, actor }))
  return batch.answer(async (accepted) => {
    const items = accepted.map(({ jobId, to, reason, metadata, expectedVersion, expectedState }) => ({
      jobId,
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
          changes: madeTransitions(items, actor, answer),
          answered: [{ row: 'changed', from: Prisma.sql`changed WHERE applied` }],
          also: Prisma.sql`changed.applied`,
          orderBy: Prisma.sql`changed.ordinal`,
          needs: ['deletedAt'],
        },
        answer,
      ),
    )
    return accepted.map((input, index) => {
      const { applied, ...job } = rows[index] as Job & { applied: boolean }
      // A job that turns out to be fit for the transition came into being after the attempt.
      return applied ? job : (refusal(job.id === null ? undefined : job, input) ?? new JobNotFoundError(input.jobId))
    })
  })
}

/** The rows after the transitions, in a relation `changed`. Content, which no transition changes, is read from the jobs if it is wanted. */
function madeTransitions(items: object[], actor: string, { fields, bound }: JobAnswer): Prisma.Sql {
  const readsContent = fields === undefined || fields.has('content') || bound?.shape.job.content !== undefined
  const columns = Object.values(JOBS.columns).map(({ name }) =>
    name === 'content' ? `${readsContent ? 'source.content' : "''"} AS content` : `(made.job).${name} AS ${name}`,
  )
  const source = readsContent
    ? Prisma.sql`LEFT JOIN jobs AS source ON made.applied AND source.id = (made.job).id`
    : Prisma.empty
  return Prisma.sql`WITH made AS MATERIALIZED (
      SELECT * FROM jobledger_make_transitions(${JSON.stringify(items)}::json, ${actor})
    ), changed AS (
      SELECT made.ordinal, made.applied, ${Prisma.raw(columns.join(', '))} FROM made ${source}
    )`
}

/** Notes what is wrong with the parts that all transitions have. */
export function checkNote(check: InputCheck, note: TransitionNote): InputCheck {
  check.uuid('jobId', note.jobId)
  check.actor(note.actor)
  check.text('reason', note.reason, 'reasonBytes')
  check.metadata('metadata', note.metadata)
  check.wholeNumber('expectedVersion', note.expectedVersion, 1)
  return check
}

/**
 * Runs `attempt` until it returns the transitioned job, or until the job itself shows why it cannot be. Between the attempt and
 * the look at the job somebody may make the transition possible; then it is tried again.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError
 */
export async function untilDecided(
  ledger: Ledger,
  input: TransitionJobInput | TransitionFrom,
  attempt: () => Promise<Job | undefined>,
): Promise<Job> {
  for (;;) {
    const job = await retryConflicts(attempt)
    if (job) return job
    const refused = refusal(await jobAsIs(ledger, input.jobId, REFUSING), input)
    if (refused) throw refused
  }
}

/** What a refusal says of the job, beside what is always read. */
const REFUSING: JobAnswer = { fields: new Set(['deletedAt']) }

function refusal(
  job: Pick<Job, 'id' | 'state' | 'version' | 'deletedAt'> | undefined,
  { jobId, to, expectedVersion, expectedState, from }: Omit<TransitionJobInput, 'actor'> & { from?: JobState },
): TransitionRefusal | undefined {
  if (job === undefined) return new JobNotFoundError(jobId)
  // A caller whose view is old learns first that it is old: the state it asks for may be the one that somebody else reached.
  if ((expectedVersion ?? job.version) !== job.version || (expectedState ?? job.state) !== job.state) {
    return new VersionConflictError(job, { version: expectedVersion ?? null, state: expectedState ?? null })
  }
  if (!isLegalTransition(job.state, to)) return new IllegalTransitionError(job, to)
  if (from !== undefined && job.state !== from) return new VersionConflictError(job, { state: from })
  return undefined
}
