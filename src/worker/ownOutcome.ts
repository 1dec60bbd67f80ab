// Recognises what this worker itself has written: the end of an attempt whose answer was lost.
import { type JobState, LatestRecordsDocument, type LatestRecordsQuery } from '../client/documents.generated.ts'
import type { HeldJob } from './heldJob.ts'
import type { WorkerClient } from './workerClient.ts'

/**
 * The state into which this worker has brought the job; undefined if it was somebody else. It is in the record right after the claim:
 * there can be one only, and it bears the mark of the attempt, or for a release, which takes no mark, its reason.
 *
 * @throws ServerAwayError, RequestRefusedError
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
      return record.metadata.endId === outcomeId || record.reason === releaseReason ? record.newState : undefined
    }
    const isFurtherBack = nodes.some((one) => one.sequence > sequence)
    if (!isFurtherBack || !pageInfo.hasPreviousPage) return undefined
    before = pageInfo.startCursor
  }
}

const NO_RECORDS = { nodes: [], pageInfo: { hasPreviousPage: false, startCursor: null } } as const
