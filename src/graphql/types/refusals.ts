// The refusals of the ledger as GraphQL types: members of the result unions of mutations.
import { encodeGlobalID } from '@pothos/plugin-relay'
import {
  BulkCountChangedError,
  IdempotencyConflictError,
  IllegalTransitionError,
  type InputIssue,
  InvalidInputError,
  JobNotFoundError,
  type LEDGER_ERROR_CODES,
  type LedgerError,
  VersionConflictError,
} from '../../ledger/errors.ts'
import { builder } from '../builder.ts'
import { JobStateEnum } from './enums.ts'
import { Job } from './job.ts'

type Code = (typeof LEDGER_ERROR_CODES)[number]

const ErrorCode = builder.enumType('ErrorCode', {
  description: 'The kind of a refusal.',
  values: {
    JOB_NOT_FOUND: { description: 'The job does not exist.' },
    ILLEGAL_TRANSITION: { description: 'The state machine does not allow the transition.' },
    VERSION_CONFLICT: { description: 'The job does not have the expected version or state.' },
    IDEMPOTENCY_CONFLICT: { description: 'The idempotency key was used with a different input.' },
    INVALID_INPUT: { description: 'The input violates a limit or a rule.' },
    BULK_COUNT_CHANGED: { description: 'The filter of a bulk action does not match the expected number of jobs.' },
  } satisfies Record<Code, { description: string }>,
})

const ErrorInterface = builder.interfaceRef<LedgerError>('Error').implement({
  description: 'A refusal. Nothing was written.',
  fields: (t) => ({
    message: t.exposeString('message', {
      description: 'Explains the refusal to a person.',
    }),
    code: t.field({
      type: ErrorCode,
      description: 'The kind of the refusal, for programs.',
      resolve: (error) => error.code as Code,
    }),
  }),
})

builder.objectType(JobNotFoundError, {
  name: 'JobNotFound',
  description: 'The job does not exist, or it is deleted and the operation requires one that is not.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    jobId: t.id({
      description: 'The requested global id.',
      resolve: (error) => encodeGlobalID('Job', error.jobId),
    }),
  }),
})

builder.objectType(IllegalTransitionError, {
  name: 'IllegalTransition',
  description: 'The state machine does not allow the transition from the state of the job.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    from: t.expose('from', { type: JobStateEnum, description: 'The state of the job.' }),
    to: t.expose('to', { type: JobStateEnum, description: 'The requested state.' }),
    allowed: t.field({
      type: [JobStateEnum],
      description: 'The states that the job can enter instead.',
      resolve: (error) => [...error.allowed],
    }),
  }),
})

builder.objectType(VersionConflictError, {
  name: 'VersionConflict',
  description: 'The job does not have the expected version or state, because it has changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    expectedVersion: t.exposeInt('expectedVersion', {
      nullable: true,
      description: 'The expected version, if any.',
    }),
    actualVersion: t.exposeInt('actualVersion', { description: 'The version of the job.' }),
    expectedState: t.expose('expectedState', {
      type: JobStateEnum,
      nullable: true,
      description: 'The expected state, if any.',
    }),
    actualState: t.expose('actualState', { type: JobStateEnum, description: 'The state of the job.' }),
  }),
})

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflict',
  description: 'The same user has already used the idempotency key with a different input.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    existingJob: t.expose('existingJob', { type: Job, description: 'The job that was created with the key.' }),
  }),
})

builder.objectType(BulkCountChangedError, {
  name: 'BulkCountChanged',
  description: 'The filter of a bulk action does not match the expected number of jobs.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    expectedCount: t.exposeInt('expectedCount', { description: 'The expected number.' }),
    actualCount: t.exposeInt('actualCount', { description: 'The number of jobs that match now.' }),
  }),
})

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One problem of an input.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'The path of the field in the input.' }),
    message: t.exposeString('message', { description: 'What is wrong, what is allowed, and what the server got.' }),
  }),
})

builder.objectType(InvalidInputError, {
  name: 'InvalidInput',
  description: 'The input violates a limit or a rule.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.expose('issues', { type: [InputIssueType], description: 'All problems of the input.' }),
  }),
})
