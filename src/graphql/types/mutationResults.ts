// What the mutations answer: for each a success beside the refusals that may come instead.
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
      description: 'False if it existed before: the same input came with the same idempotency key.',
    }),
  }),
})

export const CreateJobResult = builder.errorUnion('CreateJobResult', {
  description: 'What became of a request to create a job.',
  types: [CreateJobSuccess, IdempotencyConflictError, InvalidInputError],
  resolveType: () => CreateJobSuccess,
})

const TransitionJobSuccess = builder.objectRef<{ job: JobRow }>('TransitionJobSuccess').implement({
  description: 'The transition was made.',
  fields: (t) => ({
    job: t.expose('job', { type: Job, description: 'The job as it was right after the transition.' }),
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
  description: 'What became of a transition.',
  types: [TransitionJobSuccess, JobNotFoundError, IllegalTransitionError, VersionConflictError, InvalidInputError],
  resolveType: () => TransitionJobSuccess,
})

const SetJobResultSuccess = builder.objectRef<{ result: JobResultRow }>('SetJobResultSuccess').implement({
  description: 'The job has this result.',
  fields: (t) => ({
    job: t.prismaField({
      type: Job,
      description: 'The job.',
      resolve: (query, { result }, _, { ledger }) =>
        ledger.prisma.job.findUniqueOrThrow({ ...query, where: { id: result.jobId } }),
    }),
    result: t.expose('result', { type: JobResult, description: 'Its result.' }),
  }),
})

export const SetJobResultResult = builder.errorUnion('SetJobResultResult', {
  description: 'What became of a request to set a result.',
  types: [SetJobResultSuccess, JobNotFoundError, InvalidInputError],
  resolveType: () => SetJobResultSuccess,
})

const DeleteJobSuccess = builder.objectRef<DeletedJob>('DeleteJobSuccess').implement({
  description: 'The job is not there any more, or never was.',
  fields: (t) => ({
    deleted: t.exposeBoolean('deleted', {
      description: 'Whether this request deleted it: false if it was missing or deleted before.',
    }),
    job: t.expose('job', { type: Job, nullable: true, description: 'The job; null if there is none.' }),
  }),
})

export const DeleteJobResult = builder.errorUnion('DeleteJobResult', {
  description: 'What became of a request to delete a job.',
  types: [DeleteJobSuccess, InvalidInputError],
  resolveType: () => DeleteJobSuccess,
})

const CleanupJobsSuccess = builder.objectRef<{ count: number }>('CleanupJobsSuccess').implement({
  description: 'Old jobs were deleted, or counted.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'How many.' }) }),
})

export const CleanupJobsResult = builder.errorUnion('CleanupJobsResult', {
  description: 'What became of a request to delete old jobs.',
  types: [CleanupJobsSuccess, InvalidInputError],
  resolveType: () => CleanupJobsSuccess,
})
