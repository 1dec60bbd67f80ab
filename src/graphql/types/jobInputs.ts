// The inputs of the mutations on jobs.
import { builder } from '../builder.ts'
import { JobResultStatusEnum, JobStateEnum } from './enums.ts'

export const JOB_ID = 'The job: a global id or a UUID.'
export const REASON = 'The reason to store in the record; up to 4 KiB.'
const TRANSITION_METADATA = 'Free-form data to store in the record; up to 64 KiB.'
const EXPECTED_VERSION = 'Refuse if the job has a different version.'
const OUTPUT = 'The output of the work; up to 1 MiB.'
const PROCESSING_TIME = 'Duration of the work, in milliseconds.'

export const CreateJobInput = builder.inputType('CreateJobInput', {
  description: 'A job to create.',
  fields: (t) => ({
    userId: t.string({ description: 'The user that the job belongs to, by default the caller; 1 to 200 characters.' }),
    content: t.string({ required: true, description: 'What to do; up to 1 MiB.' }),
    preset: t.string({ description: 'The name of the settings to run the job with; 1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: 'Free-form data about the job; up to 64 KiB.' }),
    idempotencyKey: t.string({
      description: 'Unique per user; 1 to 200 characters. The same key with the same input returns the existing job.',
    }),
    priority: t.int({ description: 'Jobs with a higher priority are claimed first; -1000 to 1000, by default 0.' }),
    runAt: t.field({ type: 'DateTime', description: 'The earliest time to claim the job; by default now.' }),
    maxAttempts: t.int({
      description:
        'Maximum number of attempts, 1 to 1000; 1 by default. A failed job is retried until they are used up.',
    }),
  }),
})

export const TransitionJobInput = builder.inputType('TransitionJobInput', {
  description: 'A transition to make.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    to: t.field({ type: JobStateEnum, required: true, description: 'The state to enter.' }),
    reason: t.string({ description: REASON }),
    metadata: t.field({ type: 'JSONObject', description: TRANSITION_METADATA }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    expectedState: t.field({ type: JobStateEnum, description: 'Refuse if the job is in a different state.' }),
  }),
})

export const CompleteJobInput = builder.inputType('CompleteJobInput', {
  description: 'A completed job and its result.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    output: t.field({ type: 'JSON', description: OUTPUT }),
    processingTimeMs: t.int({ description: PROCESSING_TIME }),
    reason: t.string({ description: REASON }),
    metadata: t.field({ type: 'JSONObject', description: TRANSITION_METADATA }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
})

export const FailJobInput = builder.inputType('FailJobInput', {
  description: 'A failed job and the error.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    errorMessage: t.string({ required: true, description: 'What went wrong; up to 4 KiB.' }),
    timedOut: t.boolean({
      defaultValue: false,
      description: 'Whether the work timed out: the status of the result is then TIMEOUT instead of ERROR.',
    }),
    output: t.field({ type: 'JSON', description: OUTPUT }),
    processingTimeMs: t.int({ description: PROCESSING_TIME }),
    reason: t.string({ description: REASON }),
    metadata: t.field({ type: 'JSONObject', description: TRANSITION_METADATA }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
})

export const SetJobResultInput = builder.inputType('SetJobResultInput', {
  description: 'The result of a job.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    status: t.field({ type: JobResultStatusEnum, required: true, description: 'How the work ended.' }),
    output: t.field({ type: 'JSON', description: OUTPUT }),
    errorMessage: t.string({ description: 'What went wrong; up to 4 KiB.' }),
    processingTimeMs: t.int({ description: PROCESSING_TIME }),
  }),
})

export const DeleteJobInput = builder.inputType('DeleteJobInput', {
  description: 'A job to delete.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    reason: t.string({ description: REASON }),
  }),
})

export const CleanupJobsInput = builder.inputType('CleanupJobsInput', {
  description: 'Which old jobs to delete.',
  fields: (t) => ({
    olderThanDays: t.int({
      required: true,
      description: 'Minimum age of the jobs since their creation, in days of 24 hours; 0 to 36500.',
    }),
    states: t.field({
      type: [JobStateEnum],
      description: 'Only jobs in these states; by default COMPLETED, FAILED, CANCELLED.',
    }),
    dryRun: t.boolean({ defaultValue: false, description: 'Only count the jobs.' }),
  }),
})
