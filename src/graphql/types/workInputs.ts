// The inputs of the mutations by which workers take jobs, keep them and give them back.
import { builder } from '../builder.ts'
import { JOB_ID, REASON } from './jobInputs.ts'

const LEASE = 'The jobs belong to the worker for so many seconds from now, unless it extends the lease; 1 to 86400.'

export const ClaimJobsInput = builder.inputType('ClaimJobsInput', {
  description: 'Which jobs to hand out, and for how long.',
  fields: (t) => ({
    workerId: t.string({ required: true, description: 'Names the worker in the records. 1 to 200 characters.' }),
    limit: t.int({ defaultValue: 1, description: 'So many jobs at most; 1 to 100.' }),
    leaseSeconds: t.int({ defaultValue: 60, description: LEASE }),
    presets: t.stringList({ description: 'Only jobs with one of these presets; at most 100.' }),
    jobIds: t.idList({ description: 'Only jobs among these; at most 100. For a worker that was told of a job.' }),
  }),
})

const JobLease = builder.inputType('JobLease', {
  description: 'A job as a worker holds it.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    version: t.int({ required: true, description: 'The version that the job had when the worker claimed it.' }),
  }),
})

export const ExtendLeasesInput = builder.inputType('ExtendLeasesInput', {
  description: 'The jobs that a worker holds.',
  fields: (t) => ({
    leases: t.field({ type: [JobLease], required: true, description: 'The jobs; 1 to 1000.' }),
    leaseSeconds: t.int({ defaultValue: 60, description: LEASE }),
  }),
})

export const ReleaseJobInput = builder.inputType('ReleaseJobInput', {
  description: 'A job to be given back.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    expectedVersion: t.int({ required: true, description: 'The version at which the worker holds the job.' }),
    reason: t.string({ description: REASON }),
    runAt: t.field({ type: 'DateTime', description: 'Not to be claimed again earlier.' }),
  }),
})

export const RetryJobInput = builder.inputType('RetryJobInput', {
  description: 'A failed job to be tried again.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: JOB_ID }),
    reason: t.string({ description: REASON }),
    runAt: t.field({
      type: 'DateTime',
      description: 'Not to be claimed earlier; by default at once, whatever `runAt` it had.',
    }),
    expectedVersion: t.int({ description: 'Refuse if the job has another version than this.' }),
  }),
})

export const RequestJobCancellationInput = builder.inputType('RequestJobCancellationInput', {
  description: 'A job to be cancelled.',
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
        'Only those that have been PROCESSING for longer than so many seconds, then also those without a lease. By default all whose lease has ended.',
    }),
    dryRun: t.boolean({ defaultValue: false, description: 'Only count them.' }),
  }),
})
