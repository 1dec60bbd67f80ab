// Workers that answer after their job was taken away: they are refused, and the log keeps that they were.
import { VersionConflictError } from '../ledger/errors.ts'
import type { GraphQLContext } from './context.ts'

/** Runs what ends the work on a job; a refusal because the job is at another version is logged with both versions. */
export async function logStaleWorker<T>(
  { log, caller, requestId }: GraphQLContext,
  answer: { readonly operation: string; readonly jobId: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VersionConflictError) {
      const { expectedVersion, actualVersion, actualState } = error
      const facts = { ...answer, expectedVersion, actualVersion, actualState, actor: caller.actor, requestId }
      log.warn(facts, 'late answer refused: the job was taken away from its worker')
    }
    throw error
  }
}
