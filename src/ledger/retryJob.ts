// Tries a failed job once more, by hand: also when its attempts are used up.
import { type Job, Prisma } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { changeJobs, type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'
import { checkNote, type TransitionFrom, untilDecided } from './transitionJob.ts'

export interface RetryJobInput {
  jobId: string
  actor: string
  reason?: string | null | undefined
  /** Not claimed again earlier; by default at once, whenever it was due before. */
  runAt?: Date | null | undefined
  expectedVersion?: number | null | undefined
}

/**
 * Moves a job from FAILED to PENDING and returns it as it is then.
 *
 * @throws JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError. Then nothing was written.
 */
export async function retryJob(
  ledger: Ledger,
  { runAt, ...note }: RetryJobInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<Job> {
  const check = checkNote(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.done()
  const { jobId, actor, reason = null, expectedVersion } = note
  const transition: TransitionFrom = { ...note, from: 'FAILED', to: 'PENDING' }
  return untilDecided(ledger, transition, async () => {
    // By the clock of the database, which decides what is due.
    const changes = Prisma.sql`WITH changed AS (
      UPDATE jobs SET state = 'PENDING', version = version + 1, state_actor = ${actor}, state_reason = ${reason}::text,
        state_metadata = '{}', run_at = coalesce(${runAt ?? null}::timestamptz, least(run_at, jobledger_now()))
      WHERE id = ${jobId}::uuid AND state = 'FAILED' AND version = coalesce(${expectedVersion ?? null}::integer, version)
      RETURNING *)`
    const [job] = await changeJobs(ledger, { changes }, answer)
    return job
  })
}
