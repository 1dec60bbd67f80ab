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
  /** An instant (RFC 3339), in UTC with milliseconds. Input requires an offset, such as `Z` or `+01:00`. */
  DateTime: { input: string; output: string; }
  /** Any JSON value. Integers beyond ±9007199254740991 cannot be stored: send them as strings. */
  JSON: { input: unknown; output: unknown; }
  /** A JSON object. Arrays, scalars and null are refused. */
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /** A UUID in lower case. */
  UUID: { input: string; output: string; }
};

/** What a bulk action does with each job. */
export type BulkActionKind =
  /** Requests the cancellation, as `requestJobCancellation` does. */
  | 'CANCEL'
  /** Soft-deletes the job, as `deleteJob` does. */
  | 'DELETE'
  /** Moves the job from FAILED to PENDING, as `retryJob` does. */
  | 'RETRY';

/** The state of a bulk action. */
export type BulkActionState =
  /** It was aborted. Jobs that were done stay as they are. */
  | 'ABORTED'
  /** All jobs are done or refused. */
  | 'COMPLETED'
  /** It could not continue. Jobs that were done stay as they are. */
  | 'FAILED'
  /** The server processes its jobs, batch by batch. */
  | 'RUNNING';

/** What a bulk action did with a job. */
export type BulkOutcome =
  /** The job was changed, or its cancellation was requested. */
  | 'DONE'
  /** Its batch has not run, or never will if the action has ended. */
  | 'NOT_PROCESSED'
  /** The job was not changed; `reason` says why. */
  | 'REFUSED';

/** Which jobs to claim, and for how long. */
export type ClaimJobsInput = {
  /** Only these jobs; at most 100. For workers that already know which jobs to claim. */
  readonly jobIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /**
   * Duration of the lease from now, in seconds; 1 to 86400. The worker holds the jobs until the lease
   * ends.
   */
  readonly leaseSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Maximum number of jobs, 1 to 100. */
  readonly limit?: InputMaybe<Scalars['Int']['input']>;
  /** Only jobs with one of these presets; at most 100. */
  readonly presets?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The name of the worker in records; 1 to 200 characters. */
  readonly workerId: Scalars['String']['input'];
};

/** Which old jobs to delete. */
export type CleanupJobsInput = {
  /** Only count the jobs. */
  readonly dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** Minimum age of the jobs since their creation, in days of 24 hours; 0 to 36500. */
  readonly olderThanDays: Scalars['Int']['input'];
  /** Only jobs in these states; by default COMPLETED, FAILED, CANCELLED. */
  readonly states?: InputMaybe<ReadonlyArray<JobState>>;
};

/** A completed job and its result. */
export type CompleteJobInput = {
  /** Refuse if the job has a different version. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Free-form data to store in the record; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The output of the work; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** Duration of the work, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** A job to create. */
export type CreateJobInput = {
  /** What to do; up to 1 MiB. */
  readonly content: Scalars['String']['input'];
  /** Unique per user; 1 to 200 characters. The same key with the same input returns the existing job. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /**
   * Maximum number of attempts, 1 to 1000; 1 by default. A failed job is retried until they are used
   * up.
   */
  readonly maxAttempts?: InputMaybe<Scalars['Int']['input']>;
  /** Free-form data about the job; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The name of the settings to run the job with; 1 to 200 characters. */
  readonly preset?: InputMaybe<Scalars['String']['input']>;
  /** Jobs with a higher priority are claimed first; -1000 to 1000, by default 0. */
  readonly priority?: InputMaybe<Scalars['Int']['input']>;
  /** The earliest time to claim the job; by default now. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The user that the job belongs to, by default the caller; 1 to 200 characters. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** A job to delete. */
export type DeleteJobInput = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** The kind of a refusal. */
export type ErrorCode =
  /** The filter of a bulk action does not match the expected number of jobs. */
  | 'BULK_COUNT_CHANGED'
  /** The idempotency key was used with a different input. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The state machine does not allow the transition. */
  | 'ILLEGAL_TRANSITION'
  /** The input violates a limit or a rule. */
  | 'INVALID_INPUT'
  /** The job does not exist. */
  | 'JOB_NOT_FOUND'
  /** The job does not have the expected version or state. */
  | 'VERSION_CONFLICT';

/** The leases to extend. */
export type ExtendLeasesInput = {
  /**
   * Duration of the lease from now, in seconds; 1 to 86400. The worker holds the jobs until the lease
   * ends.
   */
  readonly leaseSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** The leases; 1 to 1000. */
  readonly leases: ReadonlyArray<JobLease>;
};

/** A failed job and the error. */
export type FailJobInput = {
  /** What went wrong; up to 4 KiB. */
  readonly errorMessage: Scalars['String']['input'];
  /** Refuse if the job has a different version. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Free-form data to store in the record; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The output of the work; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** Duration of the work, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** Whether the work timed out: the status of the result is then TIMEOUT instead of ERROR. */
  readonly timedOut?: InputMaybe<Scalars['Boolean']['input']>;
};

/** Selects jobs that meet all of the given conditions. */
export type JobFilter = {
  /** Only jobs whose latest transition was made by this actor. */
  readonly actor?: InputMaybe<Scalars['String']['input']>;
  /** Only jobs completed, failed or cancelled at or after this instant. */
  readonly completedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs completed, failed or cancelled before this instant. */
  readonly completedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs created at or after this instant. */
  readonly createdAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs created before this instant. */
  readonly createdBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs with none of these presets. Jobs without a preset are included. */
  readonly excludePresets?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Only jobs in none of these states. */
  readonly excludeStates?: InputMaybe<ReadonlyArray<JobState>>;
  /** Only these jobs: global ids or UUIDs, at most 100. */
  readonly ids?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Include deleted jobs. */
  readonly includeDeleted?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only jobs whose metadata contains this object (operator @> of jsonb). */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** Only jobs with one of these presets. */
  readonly presets?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Only jobs whose current or last attempt started at or after this instant. */
  readonly startedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs whose current or last attempt started before this instant. */
  readonly startedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs in one of these states. */
  readonly states?: InputMaybe<ReadonlyArray<JobState>>;
  /** Only jobs changed at or after this instant. */
  readonly updatedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs last changed before this instant. */
  readonly updatedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only jobs of this user. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** A job that a worker holds. */
export type JobLease = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The version of the job when the worker claimed it. */
  readonly version: Scalars['Int']['input'];
};

/** The order of a list of jobs. */
export type JobOrder = {
  /** The direction. */
  readonly direction?: OrderDirection;
  /** The field to order by. */
  readonly field?: JobOrderField;
};

/** The field to order a list of jobs by. */
export type JobOrderField =
  /** The time of completion, failure or cancellation. Unfinished jobs come last in both directions. */
  | 'COMPLETED_AT'
  /** The time of creation. */
  | 'CREATED_AT'
  /** The time of the last change. */
  | 'UPDATED_AT';

/** How the work of a job ended. */
export type JobResultStatus =
  /** The work failed. */
  | 'ERROR'
  /** The work succeeded. */
  | 'SUCCESS'
  /** The work took too long and was stopped. */
  | 'TIMEOUT';

/** The state of a job. */
export type JobState =
  /** Cancelled or deleted. Terminal. */
  | 'CANCELLED'
  /** Finished successfully. Terminal. */
  | 'COMPLETED'
  /** Finished with an error. Can be retried. */
  | 'FAILED'
  /** Created or released, waiting for a worker. */
  | 'PENDING'
  /** A worker is working on it. */
  | 'PROCESSING';

/** Selects records that meet all of the given conditions. */
export type JobStateRecordFilter = {
  /** Only transitions by this actor. */
  readonly actor?: InputMaybe<Scalars['String']['input']>;
  /** Only records at or after this instant. */
  readonly after?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only records before this instant. */
  readonly before?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only records of this job. */
  readonly jobId?: InputMaybe<Scalars['ID']['input']>;
  /** Only transitions to one of these states. */
  readonly newStates?: InputMaybe<ReadonlyArray<JobState>>;
  /** Only transitions from one of these states. */
  readonly previousStates?: InputMaybe<ReadonlyArray<JobState>>;
  /** Only records of this user's jobs. */
  readonly userId?: InputMaybe<Scalars['String']['input']>;
};

/** The direction of an order. */
export type OrderDirection =
  /** Earliest first. */
  | 'ASC'
  /** Latest first. */
  | 'DESC';

/** Why an attempt was refused. */
export type RefusalKind =
  /** The caller had no role for it, or the job belonged to another user. */
  | 'FORBIDDEN'
  /** The state of the job did not allow it. */
  | 'ILLEGAL_TRANSITION'
  /** A worker reported the end of its work, or extended its lease, when it had lost the job. */
  | 'LATE_COMPLETION'
  /** The job did not have the expected version or state. */
  | 'VERSION_CONFLICT';

/** A job to release. */
export type ReleaseJobInput = {
  /** The version of the job when the worker claimed it. */
  readonly expectedVersion: Scalars['Int']['input'];
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** The earliest time to claim the job again; by default now. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
};

/** A job to cancel. */
export type RequestJobCancellationInput = {
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** Which stuck jobs to rescue. */
export type RescueStuckJobsInput = {
  /** Only count the jobs. */
  readonly dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /**
   * Only jobs that have been PROCESSING for longer than this many seconds, including jobs without a
   * lease. By default all jobs whose lease has expired.
   */
  readonly olderThanSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** A failed job to retry. */
export type RetryJobInput = {
  /** Refuse if the job has a different version. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The reason to store in the record; up to 4 KiB. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
  /** The earliest time to claim the job; by default now, whatever `runAt` it had. */
  readonly runAt?: InputMaybe<Scalars['DateTime']['input']>;
};

/** What a caller may do. A caller with several roles may do what any of them allows. */
export type Role =
  /** Does everything, for every user. */
  | 'ADMIN'
  /** Reads all jobs and changes nothing. */
  | 'AUDITOR'
  /** Reads, creates, cancels, retries and deletes own jobs. */
  | 'USER'
  /** Reads all jobs, makes their transitions and sets their results. */
  | 'WORKER';

/** The result of a job. */
export type SetJobResultInput = {
  /** What went wrong; up to 4 KiB. */
  readonly errorMessage?: InputMaybe<Scalars['String']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** The output of the work; up to 1 MiB. */
  readonly output?: InputMaybe<Scalars['JSON']['input']>;
  /** Duration of the work, in milliseconds. */
  readonly processingTimeMs?: InputMaybe<Scalars['Int']['input']>;
  /** How the work ended. */
  readonly status: JobResultStatus;
};

/** A bulk action to start. */
export type StartBulkActionInput = {
  /** What to do with each job. */
  readonly action: BulkActionKind;
  /** Only return what the bulk action would do. */
  readonly dryRun?: InputMaybe<Scalars['Boolean']['input']>;
  /** The number of jobs that a dry run matched. Required unless `dryRun` is true. */
  readonly expectedCount?: InputMaybe<Scalars['Int']['input']>;
  /** Which jobs. Evaluated once, at the start. */
  readonly filter: JobFilter;
  /**
   * Unique per actor; 1 to 200 characters. The same key with the same input returns the existing bulk
   * action.
   */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The reason to store in the record of each job; up to 4 KiB. */
  readonly reason: Scalars['String']['input'];
};

/** The length of a bucket of statistics. */
export type StatsBucket =
  /** One day, from midnight to midnight UTC. */
  | 'DAY'
  /** One hour. */
  | 'HOUR'
  /** One minute. */
  | 'MINUTE';

/** Why a job is stuck: it has been PROCESSING for too long. */
export type StuckReason =
  /** Its lease has expired: the worker is gone. */
  | 'LEASE_EXPIRED'
  /** It has no lease. */
  | 'NO_LEASE'
  /** Its lease is active, but it takes too long. */
  | 'TOO_LONG';

/** A transition to make. */
export type TransitionJobInput = {
  /** Refuse if the job is in a different state. */
  readonly expectedState?: InputMaybe<JobState>;
  /** Refuse if the job has a different version. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The job: a global id or a UUID. */
  readonly jobId: Scalars['ID']['input'];
  /** Free-form data to store in the record; up to 64 KiB. */
  readonly metadata?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The reason to store in the record; up to 4 KiB. */
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

export type ListJobsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  orderBy: InputMaybe<JobOrder>;
  first: Scalars['Int']['input'];
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type ListJobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly version: number, readonly stateActor: string, readonly stateReason: string | null, readonly createdAt: string, readonly startedAt: string | null, readonly updatedAt: string, readonly completedAt: string | null, readonly deletedAt: string | null }>, readonly pageInfo: { readonly endCursor: string | null, readonly hasNextPage: boolean } } };

export type ShowJobQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type ShowJobQuery = { readonly job: { readonly jobId: string, readonly userId: string, readonly content: string, readonly preset: string | null, readonly state: JobState, readonly version: number, readonly stateActor: string, readonly stateReason: string | null, readonly metadata: Record<string, unknown>, readonly createdAt: string, readonly startedAt: string | null, readonly updatedAt: string, readonly completedAt: string | null, readonly deletedAt: string | null, readonly attempt: number, readonly maxAttempts: number, readonly priority: number, readonly runAt: string, readonly leaseExpiresAt: string | null, readonly cancelRequestedAt: string | null, readonly stateHistory: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly reason: string | null, readonly error: string | null, readonly metadata: Record<string, unknown>, readonly actor: string, readonly timestamp: string, readonly previousStateDurationMs: number | null }> }, readonly result: { readonly status: JobResultStatus, readonly output: unknown | null, readonly errorMessage: string | null, readonly processingTimeMs: number | null } | null } | null };

export type CancelJobMutationVariables = Exact<{
  jobId: Scalars['ID']['input'];
  reason: InputMaybe<Scalars['String']['input']>;
}>;


export type CancelJobMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly cancelRequestedAt: string | null } }
    | { readonly __typename: 'VersionConflict', readonly code: ErrorCode, readonly message: string }
   | null };

export type RetryFailedJobMutationVariables = Exact<{
  jobId: Scalars['ID']['input'];
  reason: InputMaybe<Scalars['String']['input']>;
}>;


export type RetryFailedJobMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly cancelRequestedAt: string | null } }
    | { readonly __typename: 'VersionConflict', readonly code: ErrorCode, readonly message: string }
   | null };

type ManagedJob_IllegalTransition_Fragment = { readonly __typename: 'IllegalTransition', readonly code: ErrorCode, readonly message: string };

type ManagedJob_InvalidInput_Fragment = { readonly __typename: 'InvalidInput', readonly code: ErrorCode, readonly message: string };

type ManagedJob_JobNotFound_Fragment = { readonly __typename: 'JobNotFound', readonly code: ErrorCode, readonly message: string };

type ManagedJob_TransitionJobSuccess_Fragment = { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly jobId: string, readonly state: JobState, readonly version: number, readonly cancelRequestedAt: string | null } };

type ManagedJob_VersionConflict_Fragment = { readonly __typename: 'VersionConflict', readonly code: ErrorCode, readonly message: string };

export type ManagedJobFragment =
  | ManagedJob_IllegalTransition_Fragment
  | ManagedJob_InvalidInput_Fragment
  | ManagedJob_JobNotFound_Fragment
  | ManagedJob_TransitionJobSuccess_Fragment
  | ManagedJob_VersionConflict_Fragment
;

export type StartBulkMutationVariables = Exact<{
  input: StartBulkActionInput;
}>;


export type StartBulkMutation = { readonly outcome:
    | { readonly __typename: 'BulkActionPreview', readonly matched: number, readonly eligible: number, readonly sample: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly createdAt: string }>, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number }> }
    | { readonly __typename: 'BulkActionStarted', readonly bulkAction: { readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly matched: number, readonly done: number, readonly refused: number, readonly error: string | null, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number }> } }
    | { readonly __typename: 'BulkCountChanged', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type BulkActionNowQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type BulkActionNowQuery = { readonly node:
    | { readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly matched: number, readonly done: number, readonly refused: number, readonly error: string | null, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number }> }
    | Record<PropertyKey, never>
   | null };

export type BulkJobOutcomesQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  outcome: InputMaybe<BulkOutcome>;
  first: Scalars['Int']['input'];
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type BulkJobOutcomesQuery = { readonly node:
    | { readonly outcomes: { readonly nodes: ReadonlyArray<{ readonly jobId: string, readonly outcome: BulkOutcome, readonly reason: string | null }>, readonly pageInfo: { readonly endCursor: string | null, readonly hasNextPage: boolean } } }
    | Record<PropertyKey, never>
   | null };

export type AbortBulkMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type AbortBulkMutation = { readonly abortBulkAction: { readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly matched: number, readonly done: number, readonly refused: number, readonly error: string | null, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number }> } | null };

export type BulkProgressFragment = { readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly matched: number, readonly done: number, readonly refused: number, readonly error: string | null, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number }> };

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

export type CompleteHeldJobMutationVariables = Exact<{
  input: CompleteJobInput;
}>;


export type CompleteHeldJobMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type FailHeldJobMutationVariables = Exact<{
  input: FailJobInput;
}>;


export type FailHeldJobMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type CancelHeldJobMutationVariables = Exact<{
  input: TransitionJobInput;
}>;


export type CancelHeldJobMutation = { readonly outcome:
    | { readonly __typename: 'IllegalTransition', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess' }
    | { readonly __typename: 'VersionConflict', readonly message: string }
   | null };

export type ReleaseHeldJobMutationVariables = Exact<{
  input: ReleaseJobInput;
}>;


export type ReleaseHeldJobMutation = { readonly outcome:
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

export type ProcessingJobsQueryVariables = Exact<{
  presets: InputMaybe<ReadonlyArray<Scalars['String']['input']> | Scalars['String']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type ProcessingJobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly stateMetadata: Record<string, unknown> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

type HeldJobOutcome_IllegalTransition_Fragment = { readonly __typename: 'IllegalTransition', readonly message: string };

type HeldJobOutcome_InvalidInput_Fragment = { readonly __typename: 'InvalidInput', readonly message: string };

type HeldJobOutcome_JobNotFound_Fragment = { readonly __typename: 'JobNotFound', readonly message: string };

type HeldJobOutcome_TransitionJobSuccess_Fragment = { readonly __typename: 'TransitionJobSuccess' };

type HeldJobOutcome_VersionConflict_Fragment = { readonly __typename: 'VersionConflict', readonly message: string };

export type HeldJobOutcomeFragment =
  | HeldJobOutcome_IllegalTransition_Fragment
  | HeldJobOutcome_InvalidInput_Fragment
  | HeldJobOutcome_JobNotFound_Fragment
  | HeldJobOutcome_TransitionJobSuccess_Fragment
  | HeldJobOutcome_VersionConflict_Fragment
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
export const ManagedJobFragmentDoc = new TypedDocumentString(`
    fragment ManagedJob on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      jobId
      state
      version
      cancelRequestedAt
    }
  }
  ... on Error {
    code
    message
  }
}
    `, {"fragmentName":"ManagedJob"}) as unknown as TypedDocumentString<ManagedJobFragment, unknown>;
export const BulkProgressFragmentDoc = new TypedDocumentString(`
    fragment BulkProgress on BulkAction {
  id
  action
  state
  matched
  done
  refused
  error
  refusals {
    reason
    count
  }
}
    `, {"fragmentName":"BulkProgress"}) as unknown as TypedDocumentString<BulkProgressFragment, unknown>;
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
export const HeldJobOutcomeFragmentDoc = new TypedDocumentString(`
    fragment HeldJobOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}
    `, {"fragmentName":"HeldJobOutcome"}) as unknown as TypedDocumentString<HeldJobOutcomeFragment, unknown>;
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
export const ListJobsDocument = new TypedDocumentString(`
    query ListJobs($filter: JobFilter, $orderBy: JobOrder, $first: Int!, $after: String) {
  jobs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      jobId
      userId
      preset
      state
      version
      stateActor
      stateReason
      createdAt
      startedAt
      updatedAt
      completedAt
      deletedAt
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    `) as unknown as TypedDocumentString<ListJobsQuery, ListJobsQueryVariables>;
export const ShowJobDocument = new TypedDocumentString(`
    query ShowJob($id: ID!) {
  job(id: $id) {
    jobId
    userId
    content
    preset
    state
    version
    stateActor
    stateReason
    metadata
    createdAt
    startedAt
    updatedAt
    completedAt
    deletedAt
    attempt
    maxAttempts
    priority
    runAt
    leaseExpiresAt
    cancelRequestedAt
    stateHistory(last: 100) {
      totalCount
      nodes {
        sequence
        previousState
        newState
        reason
        error
        metadata
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
    `) as unknown as TypedDocumentString<ShowJobQuery, ShowJobQueryVariables>;
export const CancelJobDocument = new TypedDocumentString(`
    mutation CancelJob($jobId: ID!, $reason: String) {
  outcome: requestJobCancellation(input: {jobId: $jobId, reason: $reason}) {
    ...ManagedJob
  }
}
    fragment ManagedJob on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      jobId
      state
      version
      cancelRequestedAt
    }
  }
  ... on Error {
    code
    message
  }
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const RetryFailedJobDocument = new TypedDocumentString(`
    mutation RetryFailedJob($jobId: ID!, $reason: String) {
  outcome: retryJob(input: {jobId: $jobId, reason: $reason}) {
    ...ManagedJob
  }
}
    fragment ManagedJob on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job {
      jobId
      state
      version
      cancelRequestedAt
    }
  }
  ... on Error {
    code
    message
  }
}`) as unknown as TypedDocumentString<RetryFailedJobMutation, RetryFailedJobMutationVariables>;
export const StartBulkDocument = new TypedDocumentString(`
    mutation StartBulk($input: StartBulkActionInput!) {
  outcome: startBulkAction(input: $input) {
    __typename
    ... on BulkActionPreview {
      matched
      eligible
      sample {
        jobId
        userId
        preset
        state
        createdAt
      }
      refusals {
        reason
        count
      }
    }
    ... on BulkActionStarted {
      bulkAction {
        ...BulkProgress
      }
    }
    ... on Error {
      message
    }
  }
}
    fragment BulkProgress on BulkAction {
  id
  action
  state
  matched
  done
  refused
  error
  refusals {
    reason
    count
  }
}`) as unknown as TypedDocumentString<StartBulkMutation, StartBulkMutationVariables>;
export const BulkActionNowDocument = new TypedDocumentString(`
    query BulkActionNow($id: ID!) {
  node(id: $id) {
    ... on BulkAction {
      ...BulkProgress
    }
  }
}
    fragment BulkProgress on BulkAction {
  id
  action
  state
  matched
  done
  refused
  error
  refusals {
    reason
    count
  }
}`) as unknown as TypedDocumentString<BulkActionNowQuery, BulkActionNowQueryVariables>;
export const BulkJobOutcomesDocument = new TypedDocumentString(`
    query BulkJobOutcomes($id: ID!, $outcome: BulkOutcome, $first: Int!, $after: String) {
  node(id: $id) {
    ... on BulkAction {
      outcomes(outcome: $outcome, first: $first, after: $after) {
        nodes {
          jobId
          outcome
          reason
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<BulkJobOutcomesQuery, BulkJobOutcomesQueryVariables>;
export const AbortBulkDocument = new TypedDocumentString(`
    mutation AbortBulk($id: ID!) {
  abortBulkAction(id: $id) {
    ...BulkProgress
  }
}
    fragment BulkProgress on BulkAction {
  id
  action
  state
  matched
  done
  refused
  error
  refusals {
    reason
    count
  }
}`) as unknown as TypedDocumentString<AbortBulkMutation, AbortBulkMutationVariables>;
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
export const CompleteHeldJobDocument = new TypedDocumentString(`
    mutation CompleteHeldJob($input: CompleteJobInput!) {
  outcome: completeJob(input: $input) {
    ...HeldJobOutcome
  }
}
    fragment HeldJobOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<CompleteHeldJobMutation, CompleteHeldJobMutationVariables>;
export const FailHeldJobDocument = new TypedDocumentString(`
    mutation FailHeldJob($input: FailJobInput!) {
  outcome: failJob(input: $input) {
    ...HeldJobOutcome
  }
}
    fragment HeldJobOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<FailHeldJobMutation, FailHeldJobMutationVariables>;
export const CancelHeldJobDocument = new TypedDocumentString(`
    mutation CancelHeldJob($input: TransitionJobInput!) {
  outcome: transitionJob(input: $input) {
    ...HeldJobOutcome
  }
}
    fragment HeldJobOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<CancelHeldJobMutation, CancelHeldJobMutationVariables>;
export const ReleaseHeldJobDocument = new TypedDocumentString(`
    mutation ReleaseHeldJob($input: ReleaseJobInput!) {
  outcome: releaseJob(input: $input) {
    ...HeldJobOutcome
  }
}
    fragment HeldJobOutcome on TransitionJobResult {
  __typename
  ... on Error {
    message
  }
}`) as unknown as TypedDocumentString<ReleaseHeldJobMutation, ReleaseHeldJobMutationVariables>;
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
export const ProcessingJobsDocument = new TypedDocumentString(`
    query ProcessingJobs($presets: [String!], $after: String) {
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
    `) as unknown as TypedDocumentString<ProcessingJobsQuery, ProcessingJobsQueryVariables>;
export const JobOfMessageDocument = new TypedDocumentString(`
    query JobOfMessage($jobId: ID!) {
  job(id: $jobId) {
    state
    runAt
  }
}
    `) as unknown as TypedDocumentString<JobOfMessageQuery, JobOfMessageQueryVariables>;