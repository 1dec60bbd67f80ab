// Logs workers that report an outcome after they have lost the job.
import { VersionConflictError } from '../ledger/errors.ts'
import type { GraphQLContext } from './context.ts'

/** Runs `report` and logs a refusal because of the version, with both versions. */
export async function logStaleWorker<T>(
  { log, caller, requestId }: GraphQLContext,
  outcome: { readonly operation: string; readonly jobId: string },
  report: () => Promise<T>,
): Promise<T> {
  try {
    return await report()
  } catch (error) {
    if (error instanceof VersionConflictError) {
      const { expectedVersion, actualVersion, actualState } = error
      const facts = { ...outcome, expectedVersion, actualVersion, actualState, actor: caller.actor, requestId }
      log.warn(facts, 'refused outcome of a worker that had lost the job')
    }
    throw error
  }
}
