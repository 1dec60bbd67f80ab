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

export type PreviewBulkActionMutationVariables = Exact<{
  input: StartBulkActionInput;
}>;


export type PreviewBulkActionMutation = { readonly outcome:
    | { readonly matched: number, readonly eligible: number, readonly sample: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState }>, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number, readonly sample: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState }> }> }
    | { readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type StartBulkActionMutationVariables = Exact<{
  input: StartBulkActionInput;
}>;


export type StartBulkActionMutation = { readonly outcome:
    | { readonly bulkAction: { readonly id: string } }
    | { readonly actualCount: number, readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type AbortBulkActionMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type AbortBulkActionMutation = { readonly abortBulkAction: { readonly id: string } | null };

export type BulkActionQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type BulkActionQuery = { readonly node:
    | { readonly error: string | null, readonly filter: Record<string, unknown>, readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly actor: string, readonly reason: string, readonly matched: number, readonly done: number, readonly refused: number, readonly createdAt: string, readonly finishedAt: string | null, readonly refusals: ReadonlyArray<{ readonly reason: string, readonly count: number, readonly sample: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState }> }> }
    | Record<PropertyKey, never>
   | null };

export type BulkActionsQueryVariables = Exact<{
  first: InputMaybe<Scalars['Int']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type BulkActionsQuery = { readonly bulkActions: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly actor: string, readonly reason: string, readonly matched: number, readonly done: number, readonly refused: number, readonly createdAt: string, readonly finishedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly hasPreviousPage: boolean, readonly startCursor: string | null, readonly endCursor: string | null } } };

export type BulkProgressFragment = { readonly id: string, readonly action: BulkActionKind, readonly state: BulkActionState, readonly actor: string, readonly reason: string, readonly matched: number, readonly done: number, readonly refused: number, readonly createdAt: string, readonly finishedAt: string | null };

export type BulkJobFragment = { readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState };

export type BulkOutcomesQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  outcome: InputMaybe<BulkOutcome>;
  first: InputMaybe<Scalars['Int']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type BulkOutcomesQuery = { readonly node:
    | { readonly state: BulkActionState, readonly outcomes: { readonly nodes: ReadonlyArray<{ readonly jobId: string, readonly outcome: BulkOutcome, readonly reason: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly hasPreviousPage: boolean, readonly startCursor: string | null, readonly endCursor: string | null } } }
    | Record<PropertyKey, never>
   | null };

export type EventDelayQueryVariables = Exact<{ [key: string]: never; }>;


export type EventDelayQuery = { readonly eventDelay: { readonly seconds: number, readonly transaction: { readonly pid: number | null, readonly application: string, readonly database: string } | null } };

export type DelayFragment = { readonly seconds: number, readonly transaction: { readonly pid: number | null, readonly application: string, readonly database: string } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly actor: string, readonly roles: ReadonlyArray<Role>, readonly userId: string | null } | null };

export type JobsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  orderBy: InputMaybe<JobOrder>;
  first: InputMaybe<Scalars['Int']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type JobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly status: JobResultStatus, readonly errorMessage: string | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly hasPreviousPage: boolean, readonly startCursor: string | null, readonly endCursor: string | null } } };

export type JobContentsQueryVariables = Exact<{
  ids: ReadonlyArray<Scalars['ID']['input']> | Scalars['ID']['input'];
}>;


export type JobContentsQuery = { readonly nodes: ReadonlyArray<
    | { readonly jobId: string, readonly content: string }
    | Record<PropertyKey, never>
   | null> };

export type JobRowsQueryVariables = Exact<{
  ids: ReadonlyArray<Scalars['ID']['input']> | Scalars['ID']['input'];
}>;


export type JobRowsQuery = { readonly nodes: ReadonlyArray<
    | { readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly status: JobResultStatus, readonly errorMessage: string | null } | null }
    | Record<PropertyKey, never>
   | null> };

export type JobCountsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
}>;


export type JobCountsQuery = { readonly jobCountsByState: ReadonlyArray<{ readonly state: JobState, readonly count: number }> };

export type NewestJobsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  first: Scalars['Int']['input'];
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type NewestJobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly jobId: string }> } };

export type ExportJobsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  orderBy: InputMaybe<JobOrder>;
  first: Scalars['Int']['input'];
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type ExportJobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly content: string, readonly metadata: Record<string, unknown>, readonly stateMetadata: Record<string, unknown>, readonly priority: number, readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly status: JobResultStatus, readonly errorMessage: string | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type JobQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type JobQuery = { readonly job: { readonly id: string, readonly content: string, readonly metadata: Record<string, unknown>, readonly stateMetadata: Record<string, unknown>, readonly priority: number, readonly remainingAttempts: number, readonly isTerminal: boolean, readonly allowedTransitions: ReadonlyArray<JobState>, readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly createdAt: string, readonly updatedAt: string, readonly processingTimeMs: number | null, readonly status: JobResultStatus, readonly errorMessage: string | null } | null } | null };

export type JobHistoryQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  first: Scalars['Int']['input'];
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type JobHistoryQuery = { readonly job: { readonly stateHistory: { readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly timestamp: string, readonly actor: string, readonly reason: string | null, readonly error: string | null, readonly metadata: Record<string, unknown> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type JobOutputQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type JobOutputQuery = { readonly job: { readonly result: { readonly output: unknown | null } | null } | null };

export type CancelPendingJobMutationVariables = Exact<{
  input: TransitionJobInput;
}>;


export type CancelPendingJobMutation = { readonly outcome:
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type RequestCancellationMutationVariables = Exact<{
  input: RequestJobCancellationInput;
}>;


export type RequestCancellationMutation = { readonly outcome:
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type RetryJobMutationVariables = Exact<{
  input: RetryJobInput;
}>;


export type RetryJobMutation = { readonly outcome:
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type ReleaseJobMutationVariables = Exact<{
  input: ReleaseJobInput;
}>;


export type ReleaseJobMutation = { readonly outcome:
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type DeleteJobMutationVariables = Exact<{
  input: DeleteJobInput;
}>;


export type DeleteJobMutation = { readonly outcome:
    | { readonly message: string }
    | Record<PropertyKey, never>
   | null };

export type JobChangesSubscriptionVariables = Exact<{
  filter: InputMaybe<JobStateRecordFilter>;
}>;


export type JobChangesSubscription = { readonly jobEvents: { readonly record: { readonly job: { readonly jobId: string } } } };

export type JobRowFragment = { readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly status: JobResultStatus, readonly errorMessage: string | null } | null };

export type JobDetailsFragment = { readonly id: string, readonly content: string, readonly metadata: Record<string, unknown>, readonly stateMetadata: Record<string, unknown>, readonly priority: number, readonly remainingAttempts: number, readonly isTerminal: boolean, readonly allowedTransitions: ReadonlyArray<JobState>, readonly jobId: string, readonly userId: string, readonly preset: string | null, readonly state: JobState, readonly stateActor: string, readonly stateReason: string | null, readonly stuckReason: StuckReason | null, readonly version: number, readonly attempt: number, readonly maxAttempts: number, readonly createdAt: string, readonly runAt: string, readonly startedAt: string | null, readonly completedAt: string | null, readonly updatedAt: string, readonly cancelRequestedAt: string | null, readonly deletedAt: string | null, readonly leaseExpiresAt: string | null, readonly result: { readonly createdAt: string, readonly updatedAt: string, readonly processingTimeMs: number | null, readonly status: JobResultStatus, readonly errorMessage: string | null } | null };

export type HistoryRecordFragment = { readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly timestamp: string, readonly actor: string, readonly reason: string | null, readonly error: string | null, readonly metadata: Record<string, unknown> };

type ActionOutcome_IllegalTransition_Fragment = { readonly message: string };

type ActionOutcome_InvalidInput_Fragment = { readonly message: string };

type ActionOutcome_JobNotFound_Fragment = { readonly message: string };

type ActionOutcome_TransitionJobSuccess_Fragment = Record<PropertyKey, never>;

type ActionOutcome_VersionConflict_Fragment = { readonly message: string };

export type ActionOutcomeFragment =
  | ActionOutcome_IllegalTransition_Fragment
  | ActionOutcome_InvalidInput_Fragment
  | ActionOutcome_JobNotFound_Fragment
  | ActionOutcome_TransitionJobSuccess_Fragment
  | ActionOutcome_VersionConflict_Fragment
;

export type OperationsQueryVariables = Exact<{ [key: string]: never; }>;


export type OperationsQuery = { readonly eventDelay: { readonly seconds: number, readonly transaction: { readonly pid: number | null, readonly application: string, readonly database: string } | null }, readonly operations: { readonly at: string, readonly consumers: ReadonlyArray<{ readonly name: string, readonly lagRecords: number, readonly lagSeconds: number, readonly updatedAt: string, readonly failingSince: string | null, readonly lastErrorAt: string | null, readonly lastError: string | null }>, readonly maintenanceTasks: ReadonlyArray<{ readonly name: string, readonly lastRunAt: string, readonly isFinished: boolean, readonly nextRunAt: string | null, readonly lastChangeAt: string | null, readonly isFailing: boolean, readonly lastErrorAt: string | null, readonly lastError: string | null, readonly lastChanges: ReadonlyArray<{ readonly outcome: string, readonly jobs: number }> }>, readonly oldestDueJob: { readonly jobId: string, readonly dueAt: string, readonly waitSeconds: number } | null, readonly processing: { readonly count: number, readonly stuck: number, readonly expiredLeases: number, readonly moreWorkers: number, readonly workers: ReadonlyArray<{ readonly actor: string, readonly jobs: number, readonly nextLeaseEnd: string | null, readonly expiredLeases: number }> }, readonly replica: { readonly version: string, readonly startedAt: string, readonly connections: { readonly max: number, readonly open: number, readonly inUse: number, readonly waiting: number } } } };

export type RecordsQueryVariables = Exact<{
  filter: InputMaybe<JobStateRecordFilter>;
  first: InputMaybe<Scalars['Int']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type RecordsQuery = { readonly jobStateRecords: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly previousState: JobState | null, readonly newState: JobState, readonly timestamp: string, readonly actor: string, readonly reason: string | null, readonly error: string | null, readonly job: { readonly jobId: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly hasPreviousPage: boolean, readonly startCursor: string | null, readonly endCursor: string | null } } };

export type NewestRecordsQueryVariables = Exact<{
  filter: InputMaybe<JobStateRecordFilter>;
  first: Scalars['Int']['input'];
  before: InputMaybe<Scalars['String']['input']>;
}>;


export type NewestRecordsQuery = { readonly jobStateRecords: { readonly nodes: ReadonlyArray<{ readonly id: string }> } };

export type ActorJobsQueryVariables = Exact<{
  changed: JobFilter;
  held: JobFilter;
  first: Scalars['Int']['input'];
}>;


export type ActorJobsQuery = { readonly jobCountsByState: ReadonlyArray<{ readonly state: JobState, readonly count: number }>, readonly jobs: { readonly nodes: ReadonlyArray<{ readonly jobId: string, readonly startedAt: string | null, readonly leaseExpiresAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean } } };

export type ExportRecordsQueryVariables = Exact<{
  filter: InputMaybe<JobStateRecordFilter>;
  first: Scalars['Int']['input'];
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type ExportRecordsQuery = { readonly jobStateRecords: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly timestamp: string, readonly previousStateDurationMs: number | null, readonly actor: string, readonly reason: string | null, readonly error: string | null, readonly metadata: Record<string, unknown>, readonly job: { readonly jobId: string, readonly userId: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type JobRefusalsQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  first: Scalars['Int']['input'];
}>;


export type JobRefusalsQuery = { readonly job: { readonly refusals: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly kind: RefusalKind, readonly actor: string, readonly timestamp: string, readonly times: number, readonly attempted: JobState | null, readonly message: string }> } } | null };

export type StatisticsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  from: Scalars['DateTime']['input'];
  to: Scalars['DateTime']['input'];
  bucket: StatsBucket;
}>;


export type StatisticsQuery = { readonly jobStats: ReadonlyArray<{ readonly start: string, readonly created: number, readonly started: number, readonly completed: number, readonly failed: number, readonly cancelled: number, readonly medianWaitMs: number | null, readonly medianProcessingMs: number | null, readonly p95ProcessingMs: number | null }> };

import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type DocumentId<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { readonly id: string };
const documentOf = <Data, Variables>(id: string): DocumentId<Data, Variables> => ({ id });
export const PreviewBulkActionDocument = documentOf<PreviewBulkActionMutation, PreviewBulkActionMutationVariables>('de6ed45e14e6cf95bcbe20e0475cd7ec1c6f40c286f711346a9d98a272f79b27');
export const StartBulkActionDocument = documentOf<StartBulkActionMutation, StartBulkActionMutationVariables>('098749661f5e7c7ed616edea7d593e38f72f566d66fd19e890c0169b5b8c45f8');
export const AbortBulkActionDocument = documentOf<AbortBulkActionMutation, AbortBulkActionMutationVariables>('8e9bc18c6ecfbadc13cdecca8e9fe965c2b111791203ae5c49bc70504897587f');
export const BulkActionDocument = documentOf<BulkActionQuery, BulkActionQueryVariables>('3b9771f9975d36aaf47ab9c6b5a80e2eee74b476b30c0472d640d5d38d50bd33');
export const BulkActionsDocument = documentOf<BulkActionsQuery, BulkActionsQueryVariables>('dad39ad3448c4b234592c9ff0687688fb89ab277e18991affad219550475d760');
export const BulkOutcomesDocument = documentOf<BulkOutcomesQuery, BulkOutcomesQueryVariables>('525cd2792939e3fb9f5f020fffa7d6c4583823a68cfcab1b9bb0be8d06b00656');
export const EventDelayDocument = documentOf<EventDelayQuery, EventDelayQueryVariables>('1da1cfd59cb829088532aa3fea69ccf50df375416b9bbd77e460d84f84ef6e3f');
export const ViewerDocument = documentOf<ViewerQuery, ViewerQueryVariables>('68e4907278b364033c571318be3bc939edbe0a2f617cabb0eeacea03336ac56c');
export const JobsDocument = documentOf<JobsQuery, JobsQueryVariables>('57fb524a6c44095917ecd8f78ce269af275462d57ec4962a1043af46bb250051');
export const JobContentsDocument = documentOf<JobContentsQuery, JobContentsQueryVariables>('918892a8d734ed7f1d4f3e73aa662f2168b5728c629432c8cdd6027507eb2601');
export const JobRowsDocument = documentOf<JobRowsQuery, JobRowsQueryVariables>('c2e9bd1109d567ee8c2ec839969828db18234acfa3d3733d1516181cfa911165');
export const JobCountsDocument = documentOf<JobCountsQuery, JobCountsQueryVariables>('4bc7b541a97e545c4589b5c97c33407568002308671e51fc2e45a31c041949b2');
export const NewestJobsDocument = documentOf<NewestJobsQuery, NewestJobsQueryVariables>('dd426dcac616e28f4da966edbc41a159b66673fedce2b675107fd1ab60352cf9');
export const ExportJobsDocument = documentOf<ExportJobsQuery, ExportJobsQueryVariables>('fec69329a6297138d58fbae341293669494d6b56fd0f1565a6afd33dd9f619bf');
export const JobDocument = documentOf<JobQuery, JobQueryVariables>('00acb59aa74e6ce818f559cfef0aaef138fd277185e67cc7b7722a184f0e4250');
export const JobHistoryDocument = documentOf<JobHistoryQuery, JobHistoryQueryVariables>('a1aa04065ff84c29bda674e36c01f1a834ec271aead8adf7d0f962fa2d2cc73d');
export const JobOutputDocument = documentOf<JobOutputQuery, JobOutputQueryVariables>('7693aeb3e8b35d0bd0f9b9d6ab36f18b63fa366dabcf06b18e43cf31b9acdea6');
export const CancelPendingJobDocument = documentOf<CancelPendingJobMutation, CancelPendingJobMutationVariables>('89ad8091010b7fc544b9920b7edc230349700393b01af44717846223ed5bcf50');
export const RequestCancellationDocument = documentOf<RequestCancellationMutation, RequestCancellationMutationVariables>('2271ee5d86f2d30ae04d81b87b9005c3aa62dd01611e29ededf5e9714e94ce51');
export const RetryJobDocument = documentOf<RetryJobMutation, RetryJobMutationVariables>('a14a9ca56c611e094e2fc16c98c79ad61d393b01b21a8b210777309c469ae127');
export const ReleaseJobDocument = documentOf<ReleaseJobMutation, ReleaseJobMutationVariables>('8d38c97db8aaa68bcda1bfb6556dbd8c5f069348978b3c225210d310084c81a9');
export const DeleteJobDocument = documentOf<DeleteJobMutation, DeleteJobMutationVariables>('acd06b0a8c718a0bcb46271eccef5af171647939c1ab146ebff5ff7c48a768d8');
export const JobChangesDocument = documentOf<JobChangesSubscription, JobChangesSubscriptionVariables>('c319bc60f130206595145be93c7b6345a3a5a09af409c89252f383197d17f7ec');
export const OperationsDocument = documentOf<OperationsQuery, OperationsQueryVariables>('826a1656809e6a78255e8f0b01221f6d7488f83654e438c530ac0bdec675740d');
export const RecordsDocument = documentOf<RecordsQuery, RecordsQueryVariables>('acf94f3f4284a6a2be73a180b0901de58acb122149b7f5efed1ad2cc0d9d007a');
export const NewestRecordsDocument = documentOf<NewestRecordsQuery, NewestRecordsQueryVariables>('70b8e02005eb20fd211d5bf8705a0551fde5e7e8652a19f874c1aba10e803c9c');
export const ActorJobsDocument = documentOf<ActorJobsQuery, ActorJobsQueryVariables>('d473b898dc56c0357301e63610ec467ebe10d6f5ca0261ab7677547923d19315');
export const ExportRecordsDocument = documentOf<ExportRecordsQuery, ExportRecordsQueryVariables>('d7a117ca9008b80bbddb1c567d7c84d80234e3a0fec950f67288831f29727a0f');
export const JobRefusalsDocument = documentOf<JobRefusalsQuery, JobRefusalsQueryVariables>('a41af42ce531ece5a8dc77308b07c80f1f0f9da3b63995d6f4eee8c8a3c97895');
export const StatisticsDocument = documentOf<StatisticsQuery, StatisticsQueryVariables>('e53eaa2792fce0ef48c776eb27ec69fe0ad580e551ca814f75135aa7fe2c0eb3');