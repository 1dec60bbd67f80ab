// Gives a job back that a worker holds, without using up an attempt.
import { type Job, Prisma } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { changeJobs, type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { checkNote, type TransitionFrom, untilDecided } from './transitionJob.ts'

export interface ReleaseJobInput {
  jobId: string
  actor: string
  /** The version at which the worker holds the job. */
  expectedVersion: number
  reason?: string | null | undefined
  /** Not claimed again earlier; by default the job is where it was in the queue. */
  runAt?: Date | null | undefined
}

/**
 * Moves a job from PROCESSING back to PENDING and returns it as it is then. If it was asked to be cancelled, the database cancels it
 * in the same commit.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function releaseJob(
  ledger: Ledger,
  { runAt, ...note }: ReleaseJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const check = checkNote(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.done()
  const { jobId, actor, reason = null, expectedVersion } = note
  const transition: TransitionFrom = { ...note, from: 'PROCESSING', to: 'PENDING' }
  return untilDecided(ledger, transition, async () => {
    const changes = Prisma.sql`WITH changed AS (
      UPDATE jobs SET state = 'PENDING', version = version + 1, releases = releases + 1, state_actor = ${actor},
        state_reason = ${reason}::text, state_metadata = '{}', run_at = coalesce(${runAt ?? null}::timestamptz, run_at)
      WHERE id = ${jobId}::uuid AND state = 'PROCESSING' AND version = ${expectedVersion}
      RETURNING *)`
    const [job] = await changeJobs(ledger, { changes }, answer)
    return job
  })
}
