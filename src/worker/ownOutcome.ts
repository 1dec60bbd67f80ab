// Finds the record that this worker itself wrote although the response was lost.
import { type JobState, LatestRecordsDocument, type LatestRecordsQuery } from '../client/documents.generated.ts'
import type { HeldJob } from './heldJob.ts'
import type { WorkerClient } from './workerClient.ts'

/**
 * The state to which this worker moved the job; undefined if the change was not its own. Only the
 * record that follows the claim counts. It has the outcome id of the attempt as metadata, or, for a
 * release, which does not accept metadata, its reason.
 *
 * @throws ServerUnavailableError, RequestRefusedError
 */
export async function findOwnOutcome(
  client: WorkerClient,
  { job, outcomeId }: HeldJob,
  releaseReason: string,
): Promise<JobState | undefined> {
  const sequence = job.version + 1
  for (let before: string | null = null; ; ) {
    const data: LatestRecordsQuery = await client.send(LatestRecordsDocument, { jobId: job.id, before })
    const { nodes, pageInfo } = data.job?.stateHistory ?? NO_RECORDS
    const record = nodes.find((one) => one.sequence === sequence)
    if (record !== undefined) {
      return record.metadata.outcomeId === outcomeId || record.reason === releaseReason ? record.newState : undefined
    }
    const isOnEarlierPage = nodes.some((one) => one.sequence > sequence)
    if (!isOnEarlierPage || !pageInfo.hasPreviousPage) return undefined
    before = pageInfo.startCursor
  }
}

const NO_RECORDS = { nodes: [], pageInfo: { hasPreviousPage: false, startCursor: null } } as const
