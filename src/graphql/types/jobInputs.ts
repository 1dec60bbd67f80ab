// The inputs of the mutations.
import { builder } from '../builder.ts'
import { JobResultStatusEnum, JobStateEnum } from './enums.ts'

export const JOB_ID = 'The job: a global id or a UUID.'
export const REASON = 'Why, for those who read the history; up to 4 KiB.'
const TRANSITION_METADATA = 'Facts about the transition; up to 64 KiB.'
const EXPECTED_VERSION = 'Refuse if the job has another version than this.'
const OUTPUT = 'What the work produced; up to 1 MiB.'
const PROCESSING_TIME = 'How long the work took, in milliseconds.'

export const CreateJobInput = builder.inputType('CreateJobInput', {
  description: 'A job to be created.',
  fields: (t) => ({
    userId: t.string({ description: 'Whom the job belongs to; by default the caller. 1 to 200 characters.' }),
    content: t.string({ required: true, description: 'What is to be done; up to 1 MiB.' }),
    preset: t.string({ description: 'The name of the settings it runs with. 1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: 'Facts about the job; up to 64 KiB.' }),
    idempotencyKey: t.string({
      description: 'Unique per user: the same key with the same input returns the first job. 1 to 200 characters.',
    }),
    priority: t.int({ description: 'Jobs with a higher number are claimed first; -1000 to 1000, by default 0.' }),
    runAt: t.field({ type: 'DateTime', description: 'Not to be claimed earlier; by default at once.' }),
    maxAttempts: t.int({
      description: 'How often the job may be tried; 1 to 1000. By default 1: when it fails, it is not retried.',
    }),
  }),
})

export const TransitionJobInput = builder.inputType('TransitionJobInput', {
  description: 'A transition to be made.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    to: t.field({ type: JobStateEnum, required: true, description: 'The state to enter.' }),
    reason: t.string({ description: REASON }),
    metadata: t.field({ type: 'JSONObject', description: TRANSITION_METADATA }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    expectedState: t.field({ type: JobStateEnum, description: 'Refuse if the job is in another state than this.' }),
  }),
})

export const CompleteJobInput = builder.inputType('CompleteJobInput', {
  description: 'A job that was done, and its result.',
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
  description: 'A job that failed, and why.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    errorMessage: t.string({ required: true, description: 'What went wrong; up to 4 KiB.' }),
    timedOut: t.boolean({
      defaultValue: false,
      description: 'It took too long: the status of the result is TIMEOUT instead of ERROR.',
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
  description: 'A job to be deleted.',
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
      description: 'Created longer ago than so many days of 24 hours; 0 to 36500.',
    }),
    states: t.field({
      type: [JobStateEnum],
      description: 'In one of these states; by default COMPLETED, FAILED, CANCELLED.',
    }),
    dryRun: t.boolean({ defaultValue: false, description: 'Only count them.' }),
  }),
})
