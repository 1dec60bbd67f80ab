// The tables that clients read, by their names in SQL, so that `Sql.read` returns rows of the shape
// that Prisma returns. The compiler checks the columns against the models.
import type {
  BulkAction,
  BulkActionJob,
  Job,
  JobRefusal,
  JobResult,
  JobResultRecord,
  JobStateRecord,
} from '../generated/client.ts'

/**
 * The type of a value in JavaScript. `upperEnum`: an enum with lower-case labels in the database,
 * upper-case in JavaScript.
 */
export type ColumnType = 'text' | 'uuid' | 'enum' | 'upperEnum' | 'int' | 'bigint' | 'instant' | 'json' | 'bytes'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

export interface Relation {
  /** The related table. A function, because the tables refer to each other. */
  readonly table: () => Table
  readonly isMany: boolean
  /** The column of the row that equals `foreignColumn` of the related rows. */
  readonly localColumn: string
  readonly foreignColumn: string
}

export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, Column>>
  readonly relations: Readonly<Record<string, Relation>>
}

const text = (name: string): Column => ({ name, type: 'text' })
const uuid = (name: string): Column => ({ name, type: 'uuid' })
const enumeration = (name: string): Column => ({ name, type: 'enum' })
const int = (name: string): Column => ({ name, type: 'int' })
const bigint = (name: string): Column => ({ name, type: 'bigint' })
const instant = (name: string): Column => ({ name, type: 'instant' })
const json = (name: string): Column => ({ name, type: 'json' })

const JOB = { table: () => JOBS, isMany: false, localColumn: 'job_id', foreignColumn: 'id' } satisfies Relation

export const JOBS: Table = {
  name: 'jobs',
  columns: {
    id: uuid('id'),
    userId: text('user_id'),
    content: text('content'),
    preset: text('preset'),
    state: enumeration('state'),
    version: int('version'),
    stateReason: text('state_reason'),
    stateActor: text('state_actor'),
    stateMetadata: json('state_metadata'),
    stateError: text('state_error'),
    metadata: json('metadata'),
    createdAt: instant('created_at'),
    updatedAt: instant('updated_at'),
    startedAt: instant('started_at'),
    completedAt: instant('completed_at'),
    deletedAt: instant('deleted_at'),
    idempotencyKey: text('idempotency_key'),
    requestHash: { name: 'request_hash', type: 'bytes' },
    priority: int('priority'),
    runAt: instant('run_at'),
    maxAttempts: int('max_attempts'),
    attempt: int('attempt'),
    releases: int('releases'),
    leaseExpiresAt: instant('lease_expires_at'),
    cancelRequestedAt: instant('cancel_requested_at'),
    cancelRequestedBy: text('cancel_requested_by'),
    cancelReason: text('cancel_reason'),
  } satisfies Record<keyof Job, Column>,
  relations: {
    states: { table: () => JOB_STATES, isMany: true, localColumn: 'id', foreignColumn: 'job_id' },
    result: { table: () => JOB_RESULTS, isMany: false, localColumn: 'id', foreignColumn: 'job_id' },
    resultRecords: { table: () => JOB_RESULT_RECORDS, isMany: true, localColumn: 'id', foreignColumn: 'job_id' },
  },
}

export const JOB_STATES: Table = {
  name: 'job_states',
  columns: {
    id: bigint('id'),
    jobId: uuid('job_id'),
    sequence: int('sequence'),
    previousState: enumeration('previous_state'),
    newState: enumeration('new_state'),
    reason: text('reason'),
    error: text('error'),
    stateMetadata: json('state_metadata'),
    actor: text('actor'),
    timestamp: instant('timestamp'),
    previousStateDurationMs: bigint('previous_state_duration_ms'),
    transactionId: bigint('transaction_id'),
    databaseRole: text('database_role'),
    previousRunAt: instant('previous_run_at'),
    runAt: instant('run_at'),
  } satisfies Record<keyof JobStateRecord, Column>,
  relations: { job: JOB },
}

export const JOB_RESULTS: Table = {
  name: 'job_results',
  columns: {
    id: uuid('id'),
    jobId: uuid('job_id'),
    status: { name: 'status', type: 'upperEnum' },
    output: json('output'),
    errorMessage: text('error_message'),
    processingTimeMs: int('processing_time_ms'),
    createdAt: instant('created_at'),
    updatedAt: instant('updated_at'),
    revision: int('revision'),
    actor: text('actor'),
    databaseRole: text('database_role'),
  } satisfies Record<keyof JobResult, Column>,
  relations: { job: JOB },
}

export const JOB_RESULT_RECORDS: Table = {
  name: 'job_result_records',
  columns: {
    id: bigint('id'),
    jobId: uuid('job_id'),
    revision: int('revision'),
    status: { name: 'status', type: 'upperEnum' },
    output: json('output'),
    errorMessage: text('error_message'),
    processingTimeMs: int('processing_time_ms'),
    actor: text('actor'),
    databaseRole: text('database_role'),
    timestamp: instant('timestamp'),
    transactionId: bigint('transaction_id'),
  } satisfies Record<keyof JobResultRecord, Column>,
  relations: { job: JOB },
}

export const BULK_ACTIONS: Table = {
  name: 'jobledger.bulk_actions',
  columns: {
    id: uuid('id'),
    action: text('action'),
    state: enumeration('state'),
    actor: text('actor'),
    ownerId: text('owner_id'),
    reason: text('reason'),
    filter: json('filter'),
    idempotencyKey: text('idempotency_key'),
    matched: int('matched'),
    done: int('done'),
    refusals: json('refusals'),
    position: text('position'),
    error: text('error'),
    createdAt: instant('created_at'),
    finishedAt: instant('finished_at'),
  } satisfies Record<keyof BulkAction, Column>,
  relations: {},
}

export const BULK_ACTION_JOBS: Table = {
  name: 'jobledger.bulk_action_jobs',
  columns: {
    actionId: text('action_id'),
    jobId: text('job_id'),
    version: int('version'),
    outcome: text('outcome'),
  } satisfies Record<keyof BulkActionJob, Column>,
  relations: {},
}

export const REFUSALS: Table = {
  name: 'jobledger.refusals',
  columns: {
    id: uuid('id'),
    jobId: text('job_id'),
    kind: enumeration('kind'),
    actor: text('actor'),
    timestamp: instant('timestamp'),
    attempted: enumeration('attempted'),
    from: enumeration('from_state'),
    expectedVersion: int('expected_version'),
    actualVersion: int('actual_version'),
    message: text('message'),
    times: int('times'),
  } satisfies Record<keyof JobRefusal, Column>,
  relations: {},
}
