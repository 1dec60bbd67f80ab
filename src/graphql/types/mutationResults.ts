// The results of mutations: each a union of the success and the possible refusals.
import type { JobResult as JobResultRow, Job as JobRow } from '../../database/generated/client.ts'
import type { CreatedJob } from '../../ledger/createJob.ts'
import type { DeletedJob } from '../../ledger/deleteJob.ts'
import {
  IdempotencyConflictError,
  IllegalTransitionError,
  InvalidInputError,
  JobNotFoundError,
  VersionConflictError,
} from '../../ledger/errors.ts'
import { builder } from '../builder.ts'
import { Job } from './job.ts'
import { JobResult } from './jobResult.ts'
import { JobStateRecord } from './jobStateRecord.ts'
import './refusals.ts'

const CreateJobSuccess = builder.objectRef<CreatedJob>('CreateJobSuccess').implement({
  description: 'The job exists.',
  fields: (t) => ({
    job: t.expose('job', { type: Job, description: 'The job.' }),
    created: t.exposeBoolean('created', {
      description: 'False if the job existed already, created with the same idempotency key and the same input.',
    }),
  }),
})

export const CreateJobResult = builder.errorUnion('CreateJobResult', {
  description: 'The outcome of creating a job.',
  types: [CreateJobSuccess, IdempotencyConflictError, InvalidInputError],
  resolveType: () => CreateJobSuccess,
})

const TransitionJobSuccess = builder.objectRef<{ job: JobRow }>('TransitionJobSuccess').implement({
  description: 'The transition was made.',
  fields: (t) => ({
    job: t.expose('job', { type: Job, description: 'The job right after the transition.' }),
    record: t.prismaField({
      type: JobStateRecord,
      description: 'The record of the transition.',
      resolve: (query, { job }, _, { ledger }) =>
        ledger.prisma.jobStateRecord.findUniqueOrThrow({
          ...query,
          where: { jobId_sequence: { jobId: job.id, sequence: job.version } },
        }),
    }),
  }),
})

export const TransitionJobResult = builder.errorUnion('TransitionJobResult', {
  description: 'The outcome of a transition.',
  types: [TransitionJobSuccess, JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError],
  resolveType: () => TransitionJobSuccess,
})

const SetJobResultSuccess = builder.objectRef<{ result: JobResultRow }>('SetJobResultSuccess').implement({
  description: 'The result is set.',
  fields: (t) => ({
    job: t.prismaField({
      type: Job,
      description: 'The job.',
      resolve: (query, { result }, _, { ledger }) =>
        ledger.prisma.job.findUniqueOrThrow({ ...query, where: { id: result.jobId } }),
    }),
    result: t.expose('result', { type: JobResult, description: 'The result.' }),
  }),
})

export const SetJobResultResult = builder.errorUnion('SetJobResultResult', {
  description: 'The outcome of setting a result.',
  types: [SetJobResultSuccess, JobNotFoundError, InvalidInputError],
  resolveType: () => SetJobResultSuccess,
})

const DeleteJobSuccess = builder.objectRef<DeletedJob>('DeleteJobSuccess').implement({
  description: 'The job is deleted or does not exist.',
  fields: (t) => ({
    deleted: t.exposeBoolean('deleted', {
      description: 'Whether this request deleted the job; false if it did not exist or was already deleted.',
    }),
    job: t.expose('job', { type: Job, nullable: true, description: 'The job; null if it does not exist.' }),
  }),
})

export const DeleteJobResult = builder.errorUnion('DeleteJobResult', {
  description: 'The outcome of deleting a job.',
  types: [DeleteJobSuccess, InvalidInputError],
  resolveType: () => DeleteJobSuccess,
})

const CleanupJobsSuccess = builder.objectRef<{ count: number }>('CleanupJobsSuccess').implement({
  description: 'The old jobs are deleted, or counted with `dryRun`.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'Number of jobs.' }) }),
})

export const CleanupJobsResult = builder.errorUnion('CleanupJobsResult', {
  description: 'The outcome of deleting old jobs.',
  types: [CleanupJobsSuccess, InvalidInputError],
  resolveType: () => CleanupJobsSuccess,
})
