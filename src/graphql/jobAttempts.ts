// What a mutation attempts with each job that its arguments name.
import type { JobState } from '../database/generated/client.ts'
import { isUuid, jobIdGiven } from './globalIds.ts'

export interface Attempt {
  /** The name of the mutation. */
  readonly field: string
  readonly jobId: string
  /** The state that the job would enter; null if it keeps its state. */
  readonly attempted: JobState | null
  readonly expectedVersion: number | null
}

/** An input for one job, with the members that such inputs have. Not validated. */
export interface AttemptInput {
  readonly jobId?: string
  readonly to?: JobState
  readonly expectedVersion?: number | null
  /** Of a lease. */
  readonly version?: number
}

/** The state that each mutation moves its jobs to, except those whose input names it. */
const ATTEMPTED: Readonly<Record<string, JobState>> = {
  claimJobs: 'PROCESSING',
  completeJob: 'COMPLETED',
  deleteJob: 'CANCELLED',
  failJob: 'FAILED',
  releaseJob: 'PENDING',
  requestJobCancellation: 'CANCELLED',
  retryJob: 'PENDING',
}

/** The inputs for single jobs in the arguments of a mutation, in order. */
export function attemptInputs({ input, inputs }: Readonly<Record<string, unknown>>): readonly AttemptInput[] {
  if (Array.isArray(inputs)) return inputs
  if (typeof input !== 'object' || input === null) return []
  const { leases, jobIds } = input as { leases?: AttemptInput[]; jobIds?: string[] | null }
  return leases ?? jobIds?.map((jobId) => ({ jobId })) ?? [input]
}

/** Undefined if the input names no job, or none that can exist. */
export function attemptOf(field: string, input: AttemptInput): Attempt | undefined {
  const { jobId = '', to, expectedVersion, version } = input
  const id = jobIdGiven(jobId)
  if (!isUuid(id)) return undefined
  const attempted = to ?? ATTEMPTED[field] ?? null
  return { field, jobId: id, attempted, expectedVersion: expectedVersion ?? version ?? null }
}
