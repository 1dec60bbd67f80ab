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

export type EventsOfSubscriptionVariables = Exact<{
  after: InputMaybe<Scalars['String']['input']>;
  filter: InputMaybe<JobStateRecordFilter>;
}>;


export type EventsOfSubscription = { readonly jobEvents: { readonly cursor: string, readonly record: { readonly sequence: number, readonly newState: JobState, readonly job: { readonly jobId: string } } } };

export type CreateJobMutationVariables = Exact<{
  input: CreateJobInput;
}>;


export type CreateJobMutation = { readonly createJob:
    | { readonly __typename: 'CreateJobSuccess', readonly created: boolean, readonly job: { readonly id: string, readonly jobId: string, readonly userId: string, readonly content: string, readonly state: JobState, readonly stateActor: string, readonly version: number, readonly metadata: Record<string, unknown>, readonly createdAt: string, readonly startedAt: string | null, readonly completedAt: string | null } }
    | { readonly __typename: 'IdempotencyConflict', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly code: ErrorCode, readonly message: string }
   | null };

export type TransitionJobMutationVariables = Exact<{
  input: TransitionJobInput;
}>;


export type TransitionJobMutation = { readonly transitionJob:
    | { readonly __typename: 'IllegalTransition', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'JobNotFound', readonly code: ErrorCode, readonly message: string }
    | { readonly __typename: 'TransitionJobSuccess', readonly job: { readonly id: string, readonly jobId: string, readonly userId: string, readonly content: string, readonly state: JobState, readonly stateActor: string, readonly version: number, readonly metadata: Record<string, unknown>, readonly createdAt: string, readonly startedAt: string | null, readonly completedAt: string | null }, readonly record: { readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState, readonly reason: string | null, readonly actor: string } }
    | { readonly __typename: 'VersionConflict', readonly code: ErrorCode, readonly message: string }
   | null };

export type JobFactsFragment = { readonly id: string, readonly jobId: string, readonly userId: string, readonly content: string, readonly state: JobState, readonly stateActor: string, readonly version: number, readonly metadata: Record<string, unknown>, readonly createdAt: string, readonly startedAt: string | null, readonly completedAt: string | null };

export type CreateJobsMutationVariables = Exact<{
  inputs: ReadonlyArray<CreateJobInput> | CreateJobInput;
}>;


export type CreateJobsMutation = { readonly createJobs: ReadonlyArray<
    | { readonly __typename: 'CreateJobSuccess', readonly job: { readonly jobId: string } }
    | { readonly __typename: 'IdempotencyConflict', readonly message: string }
    | { readonly __typename: 'InvalidInput', readonly message: string }
  > };

export type TakeJobsMutationVariables = Exact<{
  input: ClaimJobsInput;
}>;


export type TakeJobsMutation = { readonly claimJobs:
    | { readonly __typename: 'ClaimJobsSuccess', readonly jobs: ReadonlyArray<{ readonly jobId: string, readonly content: string, readonly version: number }> }
    | { readonly __typename: 'InvalidInput', readonly message: string }
   | null };

export type AccountsQueryVariables = Exact<{
  filter: InputMaybe<JobFilter>;
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type AccountsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly state: JobState, readonly version: number, readonly stateHistory: { readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly previousState: JobState | null, readonly newState: JobState }> }, readonly result: { readonly status: JobResultStatus } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

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
export const JobFactsFragmentDoc = new TypedDocumentString(`
    fragment JobFacts on Job {
  id
  jobId
  userId
  content
  state
  stateActor
  version
  metadata
  createdAt
  startedAt
  completedAt
}
    `, {"fragmentName":"JobFacts"}) as unknown as TypedDocumentString<JobFactsFragment, unknown>;
export const EventsOfDocument = new TypedDocumentString(`
    subscription EventsOf($after: String, $filter: JobStateRecordFilter) {
  jobEvents(after: $after, filter: $filter) {
    cursor
    record {
      sequence
      newState
      job {
        jobId
      }
    }
  }
}
    `) as unknown as TypedDocumentString<EventsOfSubscription, EventsOfSubscriptionVariables>;
export const CreateJobDocument = new TypedDocumentString(`
    mutation CreateJob($input: CreateJobInput!) {
  createJob(input: $input) {
    __typename
    ... on CreateJobSuccess {
      created
      job {
        ...JobFacts
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    fragment JobFacts on Job {
  id
  jobId
  userId
  content
  state
  stateActor
  version
  metadata
  createdAt
  startedAt
  completedAt
}`) as unknown as TypedDocumentString<CreateJobMutation, CreateJobMutationVariables>;
export const TransitionJobDocument = new TypedDocumentString(`
    mutation TransitionJob($input: TransitionJobInput!) {
  transitionJob(input: $input) {
    __typename
    ... on TransitionJobSuccess {
      job {
        ...JobFacts
      }
      record {
        sequence
        previousState
        newState
        reason
        actor
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    fragment JobFacts on Job {
  id
  jobId
  userId
  content
  state
  stateActor
  version
  metadata
  createdAt
  startedAt
  completedAt
}`) as unknown as TypedDocumentString<TransitionJobMutation, TransitionJobMutationVariables>;
export const CreateJobsDocument = new TypedDocumentString(`
    mutation CreateJobs($inputs: [CreateJobInput!]!) {
  createJobs(inputs: $inputs) {
    __typename
    ... on CreateJobSuccess {
      job {
        jobId
      }
    }
    ... on Error {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateJobsMutation, CreateJobsMutationVariables>;
export const TakeJobsDocument = new TypedDocumentString(`
    mutation TakeJobs($input: ClaimJobsInput!) {
  claimJobs(input: $input) {
    __typename
    ... on ClaimJobsSuccess {
      jobs {
        jobId
        content
        version
      }
    }
    ... on Error {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<TakeJobsMutation, TakeJobsMutationVariables>;
export const AccountsDocument = new TypedDocumentString(`
    query Accounts($filter: JobFilter, $after: String) {
  jobs(
    filter: $filter
    orderBy: {field: CREATED_AT, direction: ASC}
    first: 100
    after: $after
  ) {
    nodes {
      state
      version
      stateHistory(first: 10) {
        nodes {
          sequence
          previousState
          newState
        }
      }
      result {
        status
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<AccountsQuery, AccountsQueryVariables>;