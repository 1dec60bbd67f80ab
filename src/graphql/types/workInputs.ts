// The inputs of the mutations that claim, extend, release, retry, cancel and rescue jobs.
import { builder } from '../builder.ts'
import { JOB_ID, REASON } from './jobInputs.ts'

const LEASE = 'Duration of the lease from now, in seconds; 1 to 86400. The worker holds the jobs until the lease ends.'

export const ClaimJobsInput = builder.inputType('ClaimJobsInput', {
  description: 'Which jobs to claim, and for how long.',
  fields: (t) => ({
    workerId: t.string({ required: true, description: 'The name of the worker in records; 1 to 200 characters.' }),
    limit: t.int({ defaultValue: 1, description: 'Maximum number of jobs, 1 to 100.' }),
    leaseSeconds: t.int({ defaultValue: 60, description: LEASE }),
    presets: t.stringList({ description: 'Only jobs with one of these presets; at most 100.' }),
    jobIds: t.idList({
      description: 'Only these jobs; at most 100. For workers that already know which jobs to claim.',
    }),
  }),
})

const JobLease = builder.inputType('JobLease', {
  description: 'A job that a worker holds.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    version: t.int({ required: true, description: 'The version of the job when the worker claimed it.' }),
  }),
})

export const ExtendLeasesInput = builder.inputType('ExtendLeasesInput', {
  description: 'The leases to extend.',
  fields: (t) => ({
    leases: t.field({ type: [JobLease], required: true, description: 'The leases; 1 to 1000.' }),
    leaseSeconds: t.int({ defaultValue: 60, description: LEASE }),
  }),
})

export const ReleaseJobInput = builder.inputType('ReleaseJobInput', {
  description: 'A job to release.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    expectedVersion: t.int({ required: true, description: 'The version of the job when the worker claimed it.' }),
    reason: t.string({ description: REASON }),
    runAt: t.field({ type: 'DateTime', description: 'The earliest time to claim the job again; by default now.' }),
  }),
})

export const RetryJobInput = builder.inputType('RetryJobInput', {
  description: 'A failed job to retry.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    reason: t.string({ description: REASON }),
    runAt: t.field({
      type: 'DateTime',
      description: 'The earliest time to claim the job; by default now, whatever `runAt` it had.',
    }),
    expectedVersion: t.int({ description: 'Refuse if the job has a different version.' }),
  }),
})

export const RequestJobCancellationInput = builder.inputType('RequestJobCancellationInput', {
  description: 'A job to cancel.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    reason: t.string({ description: REASON }),
  }),
})

export const RescueStuckJobsInput = builder.inputType('RescueStuckJobsInput', {
  description: 'Which stuck jobs to rescue.',
  fields: (t) => ({
    olderThanSeconds: t.int({
      description:
        'Only jobs that have been PROCESSING for longer than this many seconds, including ' +
        'jobs without a lease. By default all jobs whose lease has expired.',
    }),
    dryRun: t.boolean({ defaultValue: false, description: 'Only count the jobs.' }),
  }),
})
