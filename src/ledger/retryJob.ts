// Tries a failed job once more, by hand: also when its attempts are used up.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import { jobColumns } from './jobColumns.ts'
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
export async function retryJob(ledger: Ledger, { runAt, ...note }: RetryJobInput): Promise<Job> {
  const check = checkNote(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.done()
  const { jobId, actor, reason = null, expectedVersion } = note
  const transition: TransitionFrom = { ...note, from: 'FAILED', to: 'PENDING' }
  return untilDecided(ledger, transition, async () => {
    // Prisma's update cannot take the time from the database, whose clock decides what is due.
    const [job] = await ledger.prisma.$queryRaw<Job[]>`
      UPDATE jobs SET state = 'PENDING', version = version + 1, state_actor = ${actor}, state_reason = ${reason}::text,
        state_metadata = '{}', run_at = coalesce(${runAt ?? null}::timestamptz, least(run_at, jobledger_now()))
      WHERE id = ${jobId}::uuid AND state = 'FAILED' AND version = coalesce(${expectedVersion ?? null}::integer, version)
      RETURNING ${jobColumns('jobs')}`
    return job
  })
}
