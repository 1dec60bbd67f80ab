// Gives a job back that a worker holds, without using up an attempt.
import type { Job } from '../database/generated/client.ts'
import { InputCheck } from './inputCheck.ts'
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
export async function releaseJob(ledger: Ledger, { runAt, ...note }: ReleaseJobInput): Promise<Job> {
  const check = checkNote(new InputCheck(ledger.limits), note)
  check.instant('runAt', runAt)
  check.done()
  const { jobId, actor, reason = null, expectedVersion } = note
  const transition: TransitionFrom = { ...note, from: 'PROCESSING', to: 'PENDING' }
  return untilDecided(ledger, transition, async () => {
    const [job] = await ledger.prisma.job.updateManyAndReturn({
      where: { id: jobId, state: 'PROCESSING', version: expectedVersion },
      data: {
        state: 'PENDING',
        version: { increment: 1 },
        releases: { increment: 1 },
        stateReason: reason,
        stateActor: actor,
        stateMetadata: {},
        ...(runAt && { runAt }),
      },
    })
    return job
  })
}
