// The entry `jobledger/ledger`: the operations of the ledger, for programs that use the database
// without a server. docs/migrating-from-python.md shows them.
// biome-ignore lint/performance/noBarrelFile: a package has one entry, and these are its exports
export { UnusableDatabaseError } from '../database/checkDatabase.ts'
export type { Job, JobResult, JobResultStatus, JobState, JobStateRecord } from '../database/generated/client.ts'
export { MigrationError } from '../database/migrations.ts'
export { DatabaseUnavailableError, OutcomeUnknownError, RetryableError } from '../database/retryableErrors.ts'
export { type CleanupJobsInput, cleanupJobs } from './cleanupJobs.ts'
export { type ConnectedLedger, connectLedger, type LedgerOptions } from './connectLedger.ts'
export { countJobs, countJobsByState } from './countJobs.ts'
export { type CreatedJob, type CreateJobInput, createJob, createJobs } from './createJob.ts'
export { deleteJob } from './deleteJob.ts'
export {
  IdempotencyConflictError,
  IllegalTransitionError,
  InvalidInputError,
  JobNotFoundError,
  LedgerError,
  VersionConflictError,
} from './errors.ts'
export { type CompleteJobInput, completeJob, type FailJobInput, failJob } from './finishJob.ts'
export { getJob, getJobState } from './getJob.ts'
export type { JobFilter } from './jobFilter.ts'
export { countJobStateRecords, getJobHistory, listJobStateRecords } from './jobHistory.ts'
export { getJobResult, type SetJobResultInput, setJobResult } from './jobResult.ts'
export { listJobs } from './listJobs.ts'
export type { Page, PageRequest } from './page.ts'
export type { JobStateRecordFilter } from './recordFilter.ts'
export { listStuckJobs } from './stuckJobs.ts'
export { type TransitionJobInput, transitionJob, transitionJobs } from './transitionJob.ts'
