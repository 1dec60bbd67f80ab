// Soft-deletes old jobs, as a retention rule asks.
import { databaseNow } from '../database/clock.ts'
import { retryConflicts } from '../database/faults.ts'
import type { JobState } from '../database/generated/client.ts'
import { leastUuidAt } from '../database/uuid.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { FINISHED_STATES } from './states.ts'

export interface CleanupJobsInput {
  /** Jobs created longer ago than so many days of 24 hours. */
  olderThanDays: number
  /** Only jobs in these states; by default the finished ones. */
  states?: JobState[] | null | undefined
  /** Counts only. */
  dryRun?: boolean | null | undefined
  actor: string
}

const DAY_MS = 24 * 60 * 60 * 1000
/** Few enough that no other writer waits long for the rows, many enough that the round trips do not count. */
const JOBS_PER_STATEMENT = 1000

/**
 * Soft-deletes every job that is old enough and returns how many there were. Works in portions of one commit each: an error
 * half-way leaves whole deletions behind, and the next call does the rest.
 *
 * @throws InvalidInputError
 */
export async function cleanupJobs(ledger: Ledger, input: CleanupJobsInput): Promise<number> {
  const { olderThanDays, actor, dryRun } = input
  const states = input.states ?? [...FINISHED_STATES]
  const check = new InputCheck(ledger.limits)
  check.wholeNumber('olderThanDays', olderThanDays, 0, 36_500)
  check.actor(actor)
  check.done()
  const now = await databaseNow(ledger.prisma)
  const createdBefore = leastUuidAt(new Date(now.getTime() - olderThanDays * DAY_MS))
  if (dryRun) {
    return ledger.prisma.job.count({ where: { id: { lt: createdBefore }, state: { in: states }, deletedAt: null } })
  }
  const reason = `older than ${olderThanDays} days`
  let count = 0
  // Each portion begins behind the one before, instead of looking again at what that one deleted.
  let behind = leastUuidAt(new Date(0))
  for (;;) {
    const deleted = await retryConflicts(
      () => ledger.prisma.$queryRaw<{ id: string }[]>`
        UPDATE jobs SET state = 'CANCELLED', deleted_at = now(), version = version + 1, state_actor = ${actor},
          state_reason = ${reason}, state_metadata = '{}'
        WHERE id IN (SELECT id FROM jobs WHERE id > ${behind}::uuid AND id < ${createdBefore}::uuid
          AND state = ANY (${states}::job_state[]) AND deleted_at IS NULL
          ORDER BY id LIMIT ${JOBS_PER_STATEMENT} FOR NO KEY UPDATE)
        RETURNING id`,
    )
    count += deleted.length
    if (deleted.length < JOBS_PER_STATEMENT) return count
    behind =
      deleted
        .map(({ id }) => id)
        .sort()
        .at(-1) ?? behind
  }
}
