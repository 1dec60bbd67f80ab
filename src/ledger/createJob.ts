// Creates jobs. A job begins as PENDING; the database writes the first record of its history in the same commit.
import { createHash } from 'node:crypto'
import stringify from 'safe-stable-stringify'
import { retryConflicts } from '../database/faults.ts'
import { type Job, Prisma } from '../database/generated/client.ts'
import { batchOf } from './batch.ts'
import { IdempotencyConflictError, type InvalidInputError, LedgerError } from './errors.ts'
import type { InputCheck, JsonObject } from './inputCheck.ts'
import { jobColumns } from './jobColumns.ts'
import type { Ledger } from './ledger.ts'
import { LARGEST_PRIORITY, MOST_ATTEMPTS } from './limits.ts'

export interface CreateJobInput {
  userId: string
  content: string
  preset?: string | null | undefined
  metadata?: JsonObject | null | undefined
  /** Unique per user: the same key with the same input returns the first job, also to racing callers. */
  idempotencyKey?: string | null | undefined
  /** Higher is claimed first; 0 by default. */
  priority?: number | null | undefined
  /** Not claimed earlier; by default at once. */
  runAt?: Date | null | undefined
  /** How often the job may be tried; once by default, which means that a failure is final. */
  maxAttempts?: number | null | undefined
}

export interface CreatedJob {
  job: Job
  /** False if a job with this idempotency key existed; then `job` is that one, as it is now. */
  created: boolean
}

/** Why a job may not be created. */
export type CreateRefusal = IdempotencyConflictError | InvalidInputError

type Prepared = CreateJobInput & { requestHash: string | undefined }

/**
 * Creates a job on behalf of `actor`. One statement, unless its idempotency key exists already.
 *
 * @throws InvalidInputError, IdempotencyConflictError (the key was used for another input).
 */
export async function createJob(ledger: Ledger, input: CreateJobInput, actor: string): Promise<CreatedJob> {
  const [answer] = await createJobs(ledger, [input], actor)
  if (answer instanceof LedgerError) throw answer
  return answer as CreatedJob
}

/**
 * Creates up to `batchItems` jobs in one statement and one commit; their ids are in the order of the inputs. Each is answered for
 * itself. (Idempotency keys that exist already cost one more statement, to read their jobs.)
 *
 * @throws InvalidInputError if there are no items or too many.
 */
export async function createJobs(
  ledger: Ledger,
  inputs: CreateJobInput[],
  actor: string,
): Promise<(CreatedJob | CreateRefusal)[]> {
  const batch = batchOf(ledger, inputs, (check, input) => checkInput(check, input, actor))
  return batch.answer(async (accepted) => {
    const prepared = accepted.map((input) => ({
      ...input,
      requestHash: input.idempotencyKey == null ? undefined : requestHash(input),
    }))
    const inserted = await insert(ledger, prepared, actor)
    const existing = await existingJobs(
      ledger,
      prepared.filter((_, index) => inserted[index] === undefined),
    )
    return prepared.map((input, index) => {
      const job = inserted[index]
      return job ? { job, created: true } : repeated(input, existing)
    })
  })
}

function checkInput(check: InputCheck, input: CreateJobInput, actor: string): void {
  check.actor(actor)
  check.name('userId', input.userId)
  check.text('content', input.content, 'contentBytes')
  check.name('preset', input.preset)
  check.metadata('metadata', input.metadata)
  check.name('idempotencyKey', input.idempotencyKey)
  check.wholeNumber('priority', input.priority, -LARGEST_PRIORITY, LARGEST_PRIORITY)
  check.instant('runAt', input.runAt)
  check.wholeNumber('maxAttempts', input.maxAttempts, 1, MOST_ATTEMPTS)
}

/** One answer for each item: its job, or undefined where the idempotency key exists. */
async function insert(ledger: Ledger, items: Prepared[], actor: string): Promise<(Job | undefined)[]> {
  // Rows go in by key, so that batches with the same keys in other orders wait for each other instead of deadlocking.
  const rows = await retryConflicts(() =>
    ledger.rows.query<Job>(Prisma.sql`
      WITH input AS MATERIALIZED (
        SELECT item.*, jobledger_uuid_v7() AS new_id
        FROM ROWS FROM (json_to_recordset(${JSON.stringify(items)}::json) AS ("userId" text, "content" text, "preset" text,
          "metadata" jsonb, "idempotencyKey" text, "requestHash" text, "priority" integer, "runAt" timestamptz, "maxAttempts" integer)) WITH ORDINALITY AS item
      ), created AS (
        INSERT INTO jobs (id, user_id, content, preset, metadata, state_actor, idempotency_key, request_hash, priority, run_at, max_attempts)
        SELECT new_id, "userId", "content", "preset", coalesce("metadata", '{}'), ${actor}, "idempotencyKey", decode("requestHash", 'hex'),
          coalesce("priority", 0), coalesce("runAt", '-infinity'), coalesce("maxAttempts", 1)
        FROM input ORDER BY "userId", "idempotencyKey", ordinality
        ON CONFLICT (user_id, idempotency_key) DO NOTHING
        RETURNING *
      )
      SELECT ${jobColumns('created')} FROM input LEFT JOIN created ON created.id = input.new_id ORDER BY input.ordinality`),
  )
  return rows.map((row) => (row.id === null ? undefined : row))
}

/**
 * Locks the jobs, which holds no update up. The lock is written, so it waits for a synchronous standby as the job itself did: a job that is
 * answered here is not lost when the standby takes over.
 */
async function existingJobs(ledger: Ledger, items: Prepared[]): Promise<Job[]> {
  if (items.length === 0) return []
  const keys = items.map(({ userId, idempotencyKey }) => ({ userId, idempotencyKey }))
  return ledger.prisma.$queryRaw<Job[]>`
    SELECT ${jobColumns('jobs')}
    FROM json_to_recordset(${JSON.stringify(keys)}::json) AS key ("userId" text, "idempotencyKey" text)
    JOIN jobs ON jobs.user_id = key."userId" AND jobs.idempotency_key = key."idempotencyKey"
    FOR KEY SHARE OF jobs`
}

function repeated(input: Prepared, existing: Job[]): CreatedJob | IdempotencyConflictError {
  const job = existing.find((one) => one.userId === input.userId && one.idempotencyKey === input.idempotencyKey)
  if (!job?.requestHash)
    throw new Error(`Job with idempotency key ${input.idempotencyKey} was neither inserted nor found.`)
  const same = Buffer.from(job.requestHash).toString('hex') === input.requestHash
  return same ? { job, created: false } : new IdempotencyConflictError(job)
}

/** SHA-256 of the input with its keys in order, in hexadecimal: equal for inputs that differ in the order of keys only. */
function requestHash({ content, preset, metadata, priority, runAt, maxAttempts }: CreateJobInput): string {
  const ordered = stringify({
    content,
    preset: preset ?? null,
    metadata: metadata ?? {},
    // Absent where they are not given, so that the hashes of requests from before there were these stay good.
    priority: priority ?? undefined,
    runAt: runAt ?? undefined,
    maxAttempts: maxAttempts ?? undefined,
  }) as string
  return createHash('sha256').update(ordered).digest('hex')
}
