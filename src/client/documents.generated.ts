import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant: RFC 3339 in UTC with milliseconds. Input needs an offset: `Z` or one such as `+01:00`. */
  DateTime: { input: string; output: string; }
  /** Any JSON value. Integers beyond ±9007199254740991 are refused where they would be stored: send them as strings. */
  JSON: { input: unknown; output: unknown; }
  /** A JSON object; arrays, scalars and null are refused. */
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /** A UUID, in lower case. */
  UUID: { input: string; output: string; }
};

/** Which jobs to hand out, and for how long. */
export type ClaimJobsInput = {
  /** Only jobs among these; at most 100. For a worker that was told of a job. */
  readonly jobIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** The jobs belong to the worker for so many seconds from now, unless it extends the lease; 1 to 86400. */
  readonly leaseSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** So many jobs at most; 1 to 100. */
  readonly limit?: InputMaybe<Scalars['Int']['input']>;
  /** Only jobs with one of these presets; at most 100. */
  readonly presets?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Names the worker in the records. 1 to 200 characters. */
  readonly workerId: Scalars['String']['input'];
};

/** Which old jobs to delete. */
export type CleanupJobsInput = {
  /** Only count them. */
  readonly dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Created longer ago than so many days of 24 hours; 0 to 36500. */
  readonly olderThanDays: Scalars['Int']['input'];
  /** In one of these states; by default COMPLETED, FAILED, CANCELLED. */
  readonly states?: InputMaybe<ReadonlyArray<JobState>>;
};

/** A job that was done, and its result. */
export type CompleteJobInput = {
  /** Refuse if the job has another version than this. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Facts about the transition; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** What the work produced; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** How long the work took, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** A job to be created. */
export type CreateJobInput = {
  /** What is to be done; up to 1 MiB. */
  readonly content: Scalars['String']['input'];
  /** Unique per user: the same key with the same input returns the first job. 1 to 200 characters. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** How often the job may be tried; 1 to 1000. By default 1: when it fails, it is not retried. */
  readonly maxAttempts?: InputMaybe<Scalars['Int']['input']>;
  /** Facts about the job; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The name of the settings it runs with. 1 to 200 characters. */
  readonly preset?: InputMaybe<Scalars['String']['input']>;
  /** Jobs with a higher number are claimed first; -1000 to 1000, by default 0. */
  readonly priority?: InputMaybe<Scalars['Int']['input']>;
  /** Not to be claimed earlier; by default at once. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Whom the job belongs to; by default the caller. 1 to 200 characters. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** A job to be deleted. */
export type DeleteJobInput = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** Why something was refused. */
export type ErrorCode =
  /** The idempotency key belongs to another request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The state machine has no such transition. */
  | 'ILLEGAL_TRANSITION'
  /** The input breaks a limit or a rule. */
  | 'INVALID_INPUT'
  /** There is no such job. */
  | 'JOB_NOT_FOUND'
  /** The job is not as the caller expected it. */
  | 'VERSION_CONFLICT';

/** The jobs that a worker holds. */
export type ExtendLeasesInput = {
  /** The jobs belong to the worker for so many seconds from now, unless it extends the lease; 1 to 86400. */
  readonly leaseSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** The jobs; 1 to 1000. */
  readonly leases: ReadonlyArray<JobLease>;
};

/** A job that failed, and why. */
export type FailJobInput = {
  /** What went wrong; up to 4 KiB. */
  readonly errorMessage: Scalars['String']['input'];
  /** Refuse if the job has another version than this. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Facts about the transition; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** What the work produced; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** How long the work took, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** It took too long: the status of the result is TIMEOUT instead of ERROR. */
  readonly timedOut?: InputMaybe<Scalars['Boolean']['input']>;
};

/** Which jobs; all given conditions hold. */
export type JobFilter = {
  /** Completed, failed or cancelled at this instant or later. */
  readonly completedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Completed, failed or cancelled earlier than this instant. */
  readonly completedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Created at this instant or later. */
  readonly createdAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Created earlier than this instant. */
  readonly createdBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Deleted jobs too. */
  readonly includeDeleted?: InputMaybe<Scalars['Boolean']['input']>;
  /** Contained in the metadata of the job, as jsonb @> means it. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** With one of these presets. */
  readonly presets?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** In one of these states. */
  readonly states?: InputMaybe<ReadonlyArray<JobState>>;
  /** Of this user. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** A job as a worker holds it. */
export type JobLease = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The version that the job had when the worker claimed it. */
  readonly version: Scalars['Int']['input'];
};

/** The order of a list of jobs. */
export type JobOrder = {
  /** Which way. */
  readonly direction?: OrderDirection;
  /** By what. */
  readonly field?: JobOrderField;
};

/** What a list of jobs may be ordered by. */
export type JobOrderField =
  /** When they were completed, failed or cancelled; jobs that were not come last in either direction. */
  | 'COMPLETED_AT'
  /** When they were created. */
  | 'CREATED_AT'
  /** When they last changed. */
  | 'UPDATED_AT';

/** How the work of a job ended. */
export type JobResultStatus =
  /** The work failed. */
  | 'ERROR'
  /** The work was done. */
  | 'SUCCESS'
  /** The work took too long and was stopped. */
  | 'TIMEOUT';

/** The state of a job. */
export type JobState =
  /** Given up on purpose. Terminal. */
  | 'CANCELLED'
  /** Finished with success. Terminal. */
  | 'COMPLETED'
  /** Finished with an error; may be retried. */
  | 'FAILED'
  /** Recorded, not yet started. */
  | 'PENDING'
  /** Started; somebody is working on it. */
  | 'PROCESSING';

/** Which records; all given conditions hold. */
export type JobStateRecordFilter = {
  /** Of transitions made by this actor. */
  readonly actor?: InputMaybe<Scalars['String']['input']>;
  /** At this instant or later. */
  readonly after?: InputMaybe<Scalars['DateTime']['input']>;
  /** Earlier than this instant. */
  readonly before?: InputMaybe<Scalars['DateTime']['input']>;
  /** Of this job. */
  readonly jobId?: InputMaybe<Scalars['ID']['input']>;
  /** Leading into one of these states. */
  readonly newStates?: InputMaybe<ReadonlyArray<JobState>>;
  /** Leading out of one of these states. */
  readonly previousStates?: InputMaybe<ReadonlyArray<JobState>>;
  /** Of jobs of this user. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** The direction of an order. */
export type OrderDirection =
  /** Earliest first. */
  | 'ASC'
  /** Latest first. */
  | 'DESC';

/** A job to be given back. */
export type ReleaseJobInput = {
  /** The version at which the worker holds the job. */
  readonly expectedVersion: Scalars['Int']['input'];
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** Not to be claimed again earlier. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
};

/** A job to be cancelled. */
export type RequestJobCancellationInput = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** Which stuck jobs to rescue. */
export type RescueStuckJobsInput = {
  /** Only count them. */
  readonly dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only those that have been PROCESSING for longer than so many seconds, then also those without a lease. By default all whose lease has ended. */
  readonly olderThanSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** A failed job to be tried again. */
export type RetryJobInput = {
  /** Refuse if the job has another version than this. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** Not to be claimed earlier; by default at once, whatever `runAt` it had. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
};

/** What a caller may do. Whoever has several roles may do what any of them allows. */
export type Role =
  /** Everything, for every user. */
  | 'ADMIN'
  /** Reads everything, changes nothing. */
  | 'AUDITOR'
  /** Own jobs: reads, creates, cancels, retries and deletes them. */
  | 'USER'
  /** Any job: reads it, makes its transitions, sets its result. */
  | 'WORKER';

/** The result of a job. */
export type SetJobResultInput = {
  /** What went wrong; up to 4 KiB. */
  readonly errorMessage?: InputMaybe<Scalars['String']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** What the work produced; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** How long the work took, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** How the work ended. */
  readonly status: JobResultStatus;
};

/** How long a bucket of statistics is. */
export type StatsBucket =
  /** A day, from midnight to midnight in UTC. */
  | 'DAY'
  /** An hour. */
  | 'HOUR'
  /** A minute. */
  | 'MINUTE';

/** Why a job is stuck: it has been PROCESSING for too long. */
export type StuckReason =
  /** Its lease has expired: the worker is gone. */
  | 'LEASE_EXPIRED'
  /** It has no lease. */
  | 'NO_LEASE'
  /** Its lease is alive, but it takes too long. */
  | 'TOO_LONG';

/** A transition to be made. */
export type TransitionJobInput = {
  /** Refuse if the job is in another state than this. */
  readonly expectedState?: InputMaybe<JobState>;
  /** Refuse if the job has another version than this. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Facts about the transition; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Why, for those who read the history; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** The state to enter. */
  readonly to: JobState;
};

export type JobEventsSubscriptionVariables = Exact<{
  after: InputMaybe<Scalars['String']['input']>;
  filter: InputMaybe<JobStateRecordFilter>;
}>;


export type JobEventsSubscription = { readonly jobEvents: { readonly cursor: string, readonly eventId: string, readonly record: { readonly id: string, readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly reason: string | null, readonly error: string | null, readonly metadata: Record<string, unknown>, readonly actor: string, readonly timestamp: string, readonly previousStateDurationMs: number | null, readonly job: { readonly jobId: string, readonly userId: string, readonly preset: string | null } } } };

export type EventCursorQueryVariables = Exact<{ [key: string]: never; }>;


export type EventCursorQuery = { readonly latestEventCursor: string };

export type RecordJobMutationVariables = Exact<{
  input: CreateJobInput;
}>;


export type RecordJobMutation = { readonly createJob:
    | { readonly __typename: 'CreateJobSuccess', readonly created: boolean, readonly job: { readonly jobId: string } }
    | { readonly __typename: 'IdempotencyConflict', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type StartJobMutationVariables = Exact<{
  jobId: Scalars['ID']['input'];
  reason: InputMaybe<Scalars['String']['input']>;
}>;


export type StartJobMutation = { readonly transitionJob:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly state: JobState, readonly version: number } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type CompleteJobMutationVariables = Exact<{
  input: CompleteJobInput;
}>;


export type CompleteJobMutation = { readonly completeJob:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly state: JobState, readonly version: number } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type FailJobMutationVariables = Exact<{
  input: FailJobInput;
}>;


export type FailJobMutation = { readonly failJob:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly state: JobState, readonly version: number } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type CountsByStateQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
}>;


export type CountsByStateQuery = { readonly jobCountsByState: ReadonlyArray<{ readonly state: JobState, readonly count: number }> };

export type FullHistoryQueryVariables = Exact<{
  jobId: Scalars['ID']['input'];
}>;


export type FullHistoryQuery = { readonly job: { readonly jobId: string, readonly content: string, readonly state: JobState, readonly stateHistory: { readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly reason: string | null, readonly error: string | null, readonly actor: string, readonly timestamp: string, readonly previousStateDurationMs: number | null }> }, readonly result: { readonly status: JobResultStatus, readonly output: unknown | null, readonly errorMessage: string | null, readonly processingTimeMs: number | null } | null } | null };

type TransitionOutcome_IllegalTransition_Fragment = { readonly __typename: 'IllegalTransition', readonly message: string };

type TransitionOutcome_InvalidInput_Fragment = { readonly __typename: 'InvalidInput', readonly message: string };

type TransitionOutcome_JobNotFound_Fragment = { readonly __typename: 'JobNotFound', readonly message: string };

type TransitionOutcome_TransitionJobSuccess_Fragment = { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly state: JobState, readonly version: number } };

type TransitionOutcome_VersionConflict_Fragment = { readonly __typename: 'VersionConflict', readonly message: string };

export type TransitionOutcomeFragment =
  | TransitionOutcome_IllegalTransition_Fragment
  | TransitionOutcome_InvalidInput_Fragment
  | TransitionOutcome_JobNotFound_Fragment
  | TransitionOutcome_TransitionJobSuccess_Fragment
  | TransitionOutcome_VersionConflict_Fragment
;

export type ViewerRolesQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerRolesQuery = { readonly viewer: { readonly actor: string, readonly roles: ReadonlyArray<Role> } | null };

export type CreateRunMutationVariables = Exact<{
  input: CreateJobInput;
}>;


export type CreateRunMutation = { readonly outcome:
    | { readonly __typename: 'CreateJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } }
    | { readonly __typename: 'IdempotencyConflict', readonly message: string, readonly existingJob: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type ReadRunQueryVariables = Exact<{
  jobId: Scalars['ID']['input'];
}>;


export type ReadRunQuery = { readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } | null };

export type StartRunMutationVariables = Exact<{
  input: TransitionJobInput;
}>;


export type StartRunMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type CompleteRunMutationVariables = Exact<{
  input: CompleteJobInput;
}>;


export type CompleteRunMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type FailRunMutationVariables = Exact<{
  input: FailJobInput;
}>;


export type FailRunMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

type RunTransition_IllegalTransition_Fragment = { readonly __typename: 'IllegalTransition', readonly message: string };

type RunTransition_InvalidInput_Fragment = { readonly __typename: 'InvalidInput', readonly message: string };

type RunTransition_JobNotFound_Fragment = { readonly __typename: 'JobNotFound', readonly message: string };

type RunTransition_TransitionJobSuccess_Fragment = { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> } };

type RunTransition_VersionConflict_Fragment = { readonly __typename: 'VersionConflict', readonly message: string };

export type RunTransitionFragment =
  | RunTransition_IllegalTransition_Fragment
  | RunTransition_InvalidInput_Fragment
  | RunTransition_JobNotFound_Fragment
  | RunTransition_TransitionJobSuccess_Fragment
  | RunTransition_VersionConflict_Fragment
;

export type RunFragment = { readonly jobId: string, readonly state: JobState, readonly version: number, readonly stateMetadata: Record<string, unknown> };

export type ClaimJobsMutationVariables = Exact<{
  input: ClaimJobsInput;
}>;


export type ClaimJobsMutation = { readonly outcome:
    | { readonly __typename: 'ClaimJobsSuccess', readonly jobs: ReadonlyArray<{ readonly id: string, readonly jobId: string, readonly content: string, readonly preset: string | null, readonly metadata: Record<string, unknown>, readonly userId: string, readonly attempt: number, readonly maxAttempts: number, readonly version: number, readonly priority: number, readonly createdAt: string }> }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type ExtendLeasesMutationVariables = Exact<{
  input: ExtendLeasesInput;
}>;


export type ExtendLeasesMutation = { readonly outcome:
    | { readonly __typename: 'ExtendLeasesSuccess', readonly extended: ReadonlyArray<{ readonly id: string, readonly version: number, readonly cancelRequestedAt: string | null }> }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type EndByCompletionMutationVariables = Exact<{
  input: CompleteJobInput;
}>;


export type EndByCompletionMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type EndByFailureMutationVariables = Exact<{
  input: FailJobInput;
}>;


export type EndByFailureMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type EndByCancellationMutationVariables = Exact<{
  input: TransitionJobInput;
}>;


export type EndByCancellationMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type EndByReleaseMutationVariables = Exact<{
  input: ReleaseJobInput;
}>;


export type EndByReleaseMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type LatestRecordsQueryVariables = Exact<{
  jobId: Scalars['ID']['input'];
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type LatestRecordsQuery = { readonly job: { readonly stateHistory: { readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly newState: JobState, readonly metadata: Record<string, unknown>, readonly reason: string | null }>, readonly pageInfo: { readonly hasPreviousPage: boolean, readonly startCursor: string | null } } } | null };

export type JobsInWorkQueryVariables = Exact<{
  presets: InputMaybe<ReadonlyArray<Scalars['String']['input']> | Scalars['String']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type JobsInWorkQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly stateMetadata: Record<string, unknown> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

type EndOutcome_IllegalTransition_Fragment = { readonly __typename: 'IllegalTransition', readonly message: string };

type EndOutcome_InvalidInput_Fragment = { readonly __typename: 'InvalidInput', readonly message: string };

type EndOutcome_JobNotFound_Fragment = { readonly __typename: 'JobNotFound', readonly message: string };

type EndOutcome_TransitionJobSuccess_Fragment = { readonly __typename: 'TransitionJobSuccess' };

type EndOutcome_VersionConflict_Fragment = { readonly __typename: 'VersionConflict', readonly message: string };

export type EndOutcomeFragment =
  | EndOutcome_IllegalTransition_Fragment
  | EndOutcome_InvalidInput_Fragment
  | EndOutcome_JobNotFound_Fragment
  | EndOutcome_TransitionJobSuccess_Fragment
  | EndOutcome_VersionConflict_Fragment
;

export type JobOfMessageQueryVariables = Exact<{
  jobId: Scalars['ID']['input'];
}>;


export type JobOfMessageQuery = { readonly job: { readonly state: JobState, readonly runAt: string } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const TransitionOutcomeFragmentDoc = new TypedDocumentString(`
    fragment TransitionOutcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      state
      version
    }
  }
  ... on Error {
    message
  }
}
    `, {"fragmentName":"TransitionOutcome"}) as unknown as TypedDocumentString<TransitionOutcomeFragment, unknown>;
export const RunFragmentDoc = new TypedDocumentString(`
    fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}
    `, {"fragmentName":"Run"}) as unknown as TypedDocumentString<RunFragment, unknown>;
export const RunTransitionFragmentDoc = new TypedDocumentString(`
    fragment RunTransition on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      ...Run
    }
  }
  ... on Error {
    message
  }
}
    fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`, {"fragmentName":"RunTransition"}) as unknown as TypedDocumentString<RunTransitionFragment, unknown>;
export const EndOutcomeFragmentDoc = new TypedDocumentString(`
    fragment EndOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}
    `, {"fragmentName":"EndOutcome"}) as unknown as TypedDocumentString<EndOutcomeFragment, unknown>;
export const JobEventsDocument = new TypedDocumentString(`
    subscription JobEvents($after: String, $filter: JobStateRecordFilter) {
  jobEvents(after: $after, filter: $filter) {
    cursor
    eventId
    record {
      id
      sequence
      previousState
      newState
      reason
      error
      metadata
      actor
      timestamp
      previousStateDurationMs
      job {
        jobId
        userId
        preset
      }
    }
  }
}
    `) as unknown as TypedDocumentString<JobEventsSubscription, JobEventsSubscriptionVariables>;
export const EventCursorDocument = new TypedDocumentString(`
    query EventCursor {
  latestEventCursor
}
    `) as unknown as TypedDocumentString<EventCursorQuery, EventCursorQueryVariables>;
export const RecordJobDocument = new TypedDocumentString(`
    mutation RecordJob($input: CreateJobInput!) {
  createJob(input: $input) {
    __typename
    ... on CreateJobSuccess {
      created
      job {
        jobId
      }
    }
    ... on Error {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RecordJobMutation, RecordJobMutationVariables>;
export const StartJobDocument = new TypedDocumentString(`
    mutation StartJob($jobId: ID!, $reason: String) {
  transitionJob(input: {jobId: $jobId, to: PROCESSING, reason: $reason}) {
    ...TransitionOutcome
  }
}
    fragment TransitionOutcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      state
      version
    }
  }
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<StartJobMutation, StartJobMutationVariables>;
export const CompleteJobDocument = new TypedDocumentString(`
    mutation CompleteJob($input: CompleteJobInput!) {
  completeJob(input: $input) {
    ...TransitionOutcome
  }
}
    fragment TransitionOutcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      state
      version
    }
  }
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<CompleteJobMutation, CompleteJobMutationVariables>;
export const FailJobDocument = new TypedDocumentString(`
    mutation FailJob($input: FailJobInput!) {
  failJob(input: $input) {
    ...TransitionOutcome
  }
}
    fragment TransitionOutcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      state
      version
    }
  }
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<FailJobMutation, FailJobMutationVariables>;
export const CountsByStateDocument = new TypedDocumentString(`
    query CountsByState($filter: JobFilter) {
  jobCountsByState(filter: $filter) {
    state
    count
  }
}
    `) as unknown as TypedDocumentString<CountsByStateQuery, CountsByStateQueryVariables>;
export const FullHistoryDocument = new TypedDocumentString(`
    query FullHistory($jobId: ID!) {
  job(id: $jobId) {
    jobId
    content
    state
    stateHistory(first: 100) {
      nodes {
        sequence
        previousState
        newState
        reason
        error
        actor
        timestamp
        previousStateDurationMs
      }
    }
    result {
      status
      output
      errorMessage
      processingTimeMs
    }
  }
}
    `) as unknown as TypedDocumentString<FullHistoryQuery, FullHistoryQueryVariables>;
export const ViewerRolesDocument = new TypedDocumentString(`
    query ViewerRoles {
  viewer {
    actor
    roles
  }
}
    `) as unknown as TypedDocumentString<ViewerRolesQuery, ViewerRolesQueryVariables>;
export const CreateRunDocument = new TypedDocumentString(`
    mutation CreateRun($input: CreateJobInput!) {
  outcome: createJob(input: $input) {
    __typename
    ... on CreateJobSuccess {
      job {
        ...Run
      }
    }
    ... on IdempotencyConflict {
      existingJob {
        ...Run
      }
    }
    ... on Error {
      message
    }
  }
}
    fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`) as unknown as TypedDocumentString<CreateRunMutation, CreateRunMutationVariables>;
export const ReadRunDocument = new TypedDocumentString(`
    query ReadRun($jobId: ID!) {
  job(id: $jobId) {
    ...Run
  }
}
    fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`) as unknown as TypedDocumentString<ReadRunQuery, ReadRunQueryVariables>;
export const StartRunDocument = new TypedDocumentString(`
    mutation StartRun($input: TransitionJobInput!) {
  outcome: transitionJob(input: $input) {
    ...RunTransition
  }
}
    fragment RunTransition on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      ...Run
    }
  }
  ... on Error {
    message
  }
}
fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`) as unknown as TypedDocumentString<StartRunMutation, StartRunMutationVariables>;
export const CompleteRunDocument = new TypedDocumentString(`
    mutation CompleteRun($input: CompleteJobInput!) {
  outcome: completeJob(input: $input) {
    ...RunTransition
  }
}
    fragment RunTransition on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      ...Run
    }
  }
  ... on Error {
    message
  }
}
fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`) as unknown as TypedDocumentString<CompleteRunMutation, CompleteRunMutationVariables>;
export const FailRunDocument = new TypedDocumentString(`
    mutation FailRun($input: FailJobInput!) {
  outcome: failJob(input: $input) {
    ...RunTransition
  }
}
    fragment RunTransition on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      ...Run
    }
  }
  ... on Error {
    message
  }
}
fragment Run on Job {
  jobId
  state
  version
  stateMetadata
}`) as unknown as TypedDocumentString<FailRunMutation, FailRunMutationVariables>;
export const ClaimJobsDocument = new TypedDocumentString(`
    mutation ClaimJobs($input: ClaimJobsInput!) {
  outcome: claimJobs(input: $input) {
    __typename
    ... on ClaimJobsSuccess {
      jobs {
        id
        jobId
        content
        preset
        metadata
        userId
        attempt
        maxAttempts
        version
        priority
        createdAt
      }
    }
    ... on Error {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ClaimJobsMutation, ClaimJobsMutationVariables>;
export const ExtendLeasesDocument = new TypedDocumentString(`
    mutation ExtendLeases($input: ExtendLeasesInput!) {
  outcome: extendLeases(input: $input) {
    __typename
    ... on ExtendLeasesSuccess {
      extended {
        id
        version
        cancelRequestedAt
      }
    }
    ... on Error {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ExtendLeasesMutation, ExtendLeasesMutationVariables>;
export const EndByCompletionDocument = new TypedDocumentString(`
    mutation EndByCompletion($input: CompleteJobInput!) {
  outcome: completeJob(input: $input) {
    ...EndOutcome
  }
}
    fragment EndOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<EndByCompletionMutation, EndByCompletionMutationVariables>;
export const EndByFailureDocument = new TypedDocumentString(`
    mutation EndByFailure($input: FailJobInput!) {
  outcome: failJob(input: $input) {
    ...EndOutcome
  }
}
    fragment EndOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<EndByFailureMutation, EndByFailureMutationVariables>;
export const EndByCancellationDocument = new TypedDocumentString(`
    mutation EndByCancellation($input: TransitionJobInput!) {
  outcome: transitionJob(input: $input) {
    ...EndOutcome
  }
}
    fragment EndOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<EndByCancellationMutation, EndByCancellationMutationVariables>;
export const EndByReleaseDocument = new TypedDocumentString(`
    mutation EndByRelease($input: ReleaseJobInput!) {
  outcome: releaseJob(input: $input) {
    ...EndOutcome
  }
}
    fragment EndOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<EndByReleaseMutation, EndByReleaseMutationVariables>;
export const LatestRecordsDocument = new TypedDocumentString(`
    query LatestRecords($jobId: ID!, $before: String) {
  job(id: $jobId) {
    stateHistory(last: 20, before: $before) {
      nodes {
        sequence
        newState
        metadata
        reason
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LatestRecordsQuery, LatestRecordsQueryVariables>;
export const JobsInWorkDocument = new TypedDocumentString(`
    query JobsInWork($presets: [String!], $after: String) {
  jobs(
    filter: {states: [PROCESSING], presets: $presets}
    orderBy: {field: UPDATED_AT, direction: DESC}
    after: $after
  ) {
    nodes {
      id
      version
      stateMetadata
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<JobsInWorkQuery, JobsInWorkQueryVariables>;
export const JobOfMessageDocument = new TypedDocumentString(`
    query JobOfMessage($jobId: ID!) {
  job(id: $jobId) {
    state
    runAt
  }
}
    `) as unknown as TypedDocumentString<JobOfMessageQuery, JobOfMessageQueryVariables>;