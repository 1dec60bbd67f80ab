// The refusals of the ledger as types of the API: members of the result of each mutation.
import { encodeGlobalID } from '@pothos/plugin-relay'
import {
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
  description: 'Why something was refused.',
  values: {
    JOB_NOT_FOUND: { description: 'There is no such job.' },
    ILLEGAL_TRANSITION: { description: 'The state machine has no such transition.' },
    VERSION_CONFLICT: { description: 'The job is not as the caller expected it.' },
    IDEMPOTENCY_CONFLICT: { description: 'The idempotency key belongs to another request.' },
    INVALID_INPUT: { description: 'The input breaks a limit or a rule.' },
  } satisfies Record<Code, { description: string }>,
})

const ErrorInterface = builder.interfaceRef<LedgerError>('Error').implement({
  description: 'A refusal: nothing was written.',
  fields: (t) => ({
    message: t.exposeString('message', {
      description: 'What was wrong, what was expected and what to do, for people.',
    }),
    code: t.field({
      type: ErrorCode,
      description: 'The kind of refusal, for programs.',
      resolve: (error) => error.code as Code,
    }),
  }),
})

builder.objectType(JobNotFoundError, {
  name: 'JobNotFound',
  description: 'There is no such job, or it was deleted and the operation is for jobs that are not.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    jobId: t.id({
      description: 'The global id that was asked for.',
      resolve: (error) => encodeGlobalID('Job', error.jobId),
    }),
  }),
})

builder.objectType(IllegalTransitionError, {
  name: 'IllegalTransition',
  description: 'The state machine has no way from the state of the job to the one asked for.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    from: t.expose('from', { type: JobStateEnum, description: 'The state of the job.' }),
    to: t.expose('to', { type: JobStateEnum, description: 'The state asked for.' }),
    allowed: t.field({
      type: [JobStateEnum],
      description: 'The states that the job may enter instead.',
      resolve: (error) => [...error.allowed],
    }),
  }),
})

builder.objectType(VersionConflictError, {
  name: 'VersionConflict',
  description: 'The job is not as the caller expected it: somebody else was first.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    expectedVersion: t.exposeInt('expectedVersion', {
      nullable: true,
      description: 'The version that the caller expected, if any.',
    }),
    actualVersion: t.exposeInt('actualVersion', { description: 'The version that the job has.' }),
    expectedState: t.expose('expectedState', {
      type: JobStateEnum,
      nullable: true,
      description: 'The state that the caller expected, if any.',
    }),
    actualState: t.expose('actualState', { type: JobStateEnum, description: 'The state that the job is in.' }),
  }),
})

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflict',
  description: 'The idempotency key was used before, by the same user, for another input.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    existingJob: t.expose('existingJob', { type: Job, description: 'The job that the key belongs to.' }),
  }),
})

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One fault of an input.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Where in the input.' }),
    message: t.exposeString('message', { description: 'What was wrong, what is allowed, and what came.' }),
  }),
})

builder.objectType(InvalidInputError, {
  name: 'InvalidInput',
  description: 'The input breaks a limit or a rule.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.expose('issues', { type: [InputIssueType], description: 'Every fault that was found.' }),
  }),
})
