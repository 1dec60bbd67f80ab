// `jobledger jobs cancel` and `jobledger jobs retry`: for single jobs, one request each.
import { CancelJobDocument, type ManagedJobFragment, RetryFailedJobDocument } from '../../client/documents.generated.ts'
import { readClientConfig } from '../../config.ts'
import { apiSender } from '../apiSender.ts'
import { print } from '../output.ts'

export interface ChangeJobsOptions {
  readonly reason?: string
  readonly json: boolean
  readonly url?: string
}

const DOCUMENTS = { cancel: CancelJobDocument, retry: RetryFailedJobDocument } as const

/**
 * Changes each job and prints its outcome. The exit code is 1 if one was refused.
 *
 * @throws UsageError, OutputError
 */
export async function changeJobs(
  action: keyof typeof DOCUMENTS,
  ids: readonly string[],
  { reason, json, url }: ChangeJobsOptions,
): Promise<void> {
  const send = apiSender(readClientConfig(url))
  for (const jobId of ids) {
    const { outcome } = await send(DOCUMENTS[action], { jobId, reason: reason ?? null })
    if (outcome?.__typename !== 'TransitionJobSuccess') process.exitCode = 1
    if (!(await print(json ? JSON.stringify({ id: jobId, outcome }) : `${jobId}: ${sentenceOf(outcome)}`))) return
  }
}

function sentenceOf(outcome: ManagedJobFragment | null): string {
  if (outcome?.__typename !== 'TransitionJobSuccess') return outcome?.message ?? 'no outcome'
  const { state, cancelRequestedAt } = outcome.job
  return state === 'PROCESSING' && cancelRequestedAt !== null ? 'cancellation requested' : state
}
