// Moves jobs from state to state. Each transition is a compare-and-set on the row of the job; the record of it is written by
// the database in the same commit. Transitions that also bring a result are in finishJob.ts.
import { retryConflicts } from '../database/faults.ts'
import { type Job, type JobState, Prisma } from '../database/generated/client.ts'
import { batchOf } from './batch.ts'
import { IllegalTransitionError, type InvalidInputError, JobNotFoundError, VersionConflictError } from './errors.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import { jobColumns } from './jobColumns.ts'
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
 * InvalidInputError. Then nothing was written.
 */
export async function transitionJob(ledger: Ledger, input: TransitionJobInput): Promise<Job> {
  checkNote(new InputCheck(ledger.limits), input).done()
  const { jobId: id, to, expectedState, expectedVersion } = input
  const sources = sourcesOf(to).filter((state) => expectedState == null || state === expectedState)
  return untilDecided(ledger, input, async () => {
    // Work that is given back does not count as tried. The database takes it back where it was none.
    const [job] = await ledger.rows.query<Job>(Prisma.sql`
      UPDATE jobs SET state = ${to}::job_state, version = version + 1, state_reason = ${input.reason ?? null},
        state_actor = ${input.actor}, state_metadata = ${JSON.stringify(input.metadata ?? {})}::jsonb,
        releases = releases + ${to === 'PENDING' ? 1 : 0}
      WHERE id = ${id}::uuid AND state = ANY (${sources}::job_state[]) AND version = coalesce(${expectedVersion ?? null}::integer, version)
      RETURNING ${jobColumns('jobs')}`)
    return job
  })
}

/**
 * Makes up to `batchItems` transitions in one statement and one commit, in the order given: an item sees those before it, also of
 * the same job. Each is answered for itself, by the job as it was right after it or by the reason why it did not happen.
 *
 * @throws InvalidInputError if there are no items or too many.
 */
export async function transitionJobs(
  ledger: Ledger,
  inputs: Omit<TransitionJobInput, 'actor'>[],
  actor: string,
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
      ledger.rows.query<Job & { applied: boolean }>(Prisma.sql`
        SELECT answer.applied, ${jobColumns('(answer.job)')}
        FROM jobledger_transition_jobs(${JSON.stringify(items)}::json, ${actor}) AS answer
        ORDER BY answer.ordinal`),
    )
    return accepted.map((input, index) => {
      const { applied, ...job } = rows[index] as Job & { applied: boolean }
      // A job that turns out to be fit for the transition came into being after the attempt.
      return applied ? job : (refusal(job.id === null ? null : job, input) ?? new JobNotFoundError(input.jobId))
    })
  })
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
    const refused = refusal(await ledger.prisma.job.findUnique({ where: { id: input.jobId } }), input)
    if (refused) throw refused
  }
}

function refusal(
  job: Job | null,
  { jobId, to, expectedVersion, expectedState, from }: Omit<TransitionJobInput, 'actor'> & { from?: JobState },
): TransitionRefusal | undefined {
  if (job === null) return new JobNotFoundError(jobId)
  // A caller whose view is old learns first that it is old: the state it asks for may be the one that somebody else reached.
  if ((expectedVersion ?? job.version) !== job.version || (expectedState ?? job.state) !== job.state) {
    return new VersionConflictError(job, { version: expectedVersion ?? null, state: expectedState ?? null })
  }
  if (!isLegalTransition(job.state, to)) return new IllegalTransitionError(job, to)
  if (from !== undefined && job.state !== from) return new VersionConflictError(job, { state: from })
  return undefined
}
