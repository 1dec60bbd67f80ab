// Tries a failed job once more, by hand: also when its attempts are used up.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { checkNote, type TransitionFrom, untilDecided } from './transitionJob.ts'

export interface RetryJobInput {
  jobId: string
  actor: string
  reason?: string | null | undefined
  /** Not claimed again earlier; by default at once. */
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
    const [job] = await ledger.prisma.job.updateManyAndReturn({
      where: { id: jobId, state: 'FAILED', ...(expectedVersion == null ? {} : { version: expectedVersion }) },
      data: {
        state: 'PENDING',
        version: { increment: 1 },
        stateReason: reason,
        stateActor: actor,
        stateMetadata: {},
        ...(runAt && { runAt }),
      },
    })
    return job
  })
}
