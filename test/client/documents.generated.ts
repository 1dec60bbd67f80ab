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