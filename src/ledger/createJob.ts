// Creates jobs. A new job is PENDING; the database writes the first record of its history in the
// same commit.
import { createHash } from 'node:crypto'
import stringify from 'safe-stable-stringify'
import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { batchOf } from './batch.ts'
import { IdempotencyConflictError, type InvalidInputError, LedgerError } from './errors.ts'
import type { InputCheck, JsonObject } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { MAX_ATTEMPTS, MAX_PRIORITY } from './limits.ts'
import { changeJobs, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'

export interface CreateJobInput {
  userId: string
  content: string
  preset?: string | null | undefined
  metadata?: JsonObject | null | undefined
  /**
   * Unique per user. The same key with the same input returns the existing job, also when callers
   * race.
   */
  idempotencyKey?: string | null | undefined
  /** -`MAX_PRIORITY` to `MAX_PRIORITY`; higher is claimed first. Default: 0. */
  priority?: number | null | undefined
  /** Earliest time of a claim. Default: now. */
  runAt?: Date | null | undefined
  /** Maximum number of attempts, 1 to `MAX_ATTEMPTS`. Default: 1, so a failure is final. */
  maxAttempts?: number | null | undefined
}

export interface CreatedJob {
  job: Job
  /**
   * False if a job with this idempotency key existed; then `job` is that job in its current state.
   */
  created: boolean
}

const DEFAULT_PRIORITY = 0
const DEFAULT_ATTEMPTS = 1

/** Why a job may not be created. */
export type CreateRefusal = IdempotencyConflictError | InvalidInputError

type Prepared = CreateJobInput & { requestHash: string | undefined }

/**
 * Creates a job on behalf of `actor`. Runs one statement, or two if the idempotency key exists.
 *
 * @throws InvalidInputError, IdempotencyConflictError (the key was used with a different input),
 * ResponseTooLargeError. In all cases nothing was written.
 */
export async function createJob(
  ledger: Ledger,
  input: CreateJobInput,
  actor: string,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<CreatedJob> {
  const [created] = await createJobs(ledger, [input], actor, returned)
  if (created instanceof LedgerError) throw created
  return created as CreatedJob
}

/**
 * Creates up to `batchItems` jobs in one statement and one commit. Their ids are in the order of
 * the inputs, and each input gets its own result. If idempotency keys exist, a second statement
 * reads their jobs.
 *
 * @throws InvalidInputError if the batch is empty or too large; ResponseTooLargeError. In both
 * cases nothing was written.
 */
export async function createJobs(
  ledger: Ledger,
  inputs: CreateJobInput[],
  actor: string,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<(CreatedJob | CreateRefusal)[]> {
  const batch = batchOf(ledger, inputs, (check, input) => checkInput(check, input, actor))
  return batch.process(async (valid) => {
    const prepared = valid.map((input) => ({
      ...input,
      requestHash: input.idempotencyKey == null ? undefined : requestHash(input),
    }))
    const inserted = await insert(ledger, { items: prepared, actor, returned })
    const existing = await existingJobs(
      ledger,
      prepared.filter((_, index) => inserted[index] === undefined),
      returned,
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
  check.integer('priority', input.priority, -MAX_PRIORITY, MAX_PRIORITY)
  check.instant('runAt', input.runAt)
  check.integer('maxAttempts', input.maxAttempts, 1, MAX_ATTEMPTS)
}

interface Insertion {
  readonly items: Prepared[]
  readonly actor: string
  readonly returned: ReturnedJob
}

/** The jobs in the response: the new ones, and for each other item the job that has its key. */
const MEASURED = [
  { row: 'changed', from: Prisma.sql`changed` },
  {
    row: 'twin',
    from: Prisma.sql`input JOIN changed AS twin ON twin.user_id = input."userId" AND twin.idempotency_key = input."idempotencyKey"
      AND twin.id <> input.new_id`,
  },
  {
    row: 'known',
    from: Prisma.sql`input JOIN jobs AS known ON known.user_id = input."userId" AND known.idempotency_key = input."idempotencyKey"`,
  },
]

/** Returns the new job of each item, or undefined if its idempotency key exists. */
async function insert(ledger: Ledger, { items, actor, returned }: Insertion): Promise<(Job | undefined)[]> {
  // Inserts in the order of the keys, so that batches with the same keys in different orders wait
  // for each other and do not deadlock.
  const changes = Prisma.sql`
      WITH input AS MATERIALIZED (
        SELECT item.*, jobledger.uuid_v7() AS new_id
        FROM ROWS FROM (json_to_recordset(${JSON.stringify(items)}::json) AS ("userId" text, "content" text, "preset" text,
          "metadata" jsonb, "idempotencyKey" text, "requestHash" text, "priority" integer, "runAt" timestamptz, "maxAttempts" integer)) WITH ORDINALITY AS item
      ), changed AS (
        INSERT INTO jobs (id, user_id, content, preset, metadata, state_actor, idempotency_key, request_hash, priority, run_at, max_attempts)
        SELECT new_id, "userId", "content", "preset", coalesce("metadata", '{}'), ${actor}, "idempotencyKey", decode("requestHash", 'hex'),
          coalesce("priority", ${DEFAULT_PRIORITY}), coalesce("runAt", '-infinity'), coalesce("maxAttempts", ${DEFAULT_ATTEMPTS})
        FROM input ORDER BY "userId", "idempotencyKey", ordinality
        ON CONFLICT (user_id, idempotency_key) DO NOTHING
        RETURNING *
      )`
  const from = Prisma.sql`input LEFT JOIN changed ON changed.id = input.new_id`
  const orderBy = Prisma.sql`input.ordinality`
  const rows = await retryConflicts(() => changeJobs(ledger, { changes, from, measured: MEASURED, orderBy }, returned))
  return rows.map((row) => (row.id === null ? undefined : row))
}

/**
 * Reads the jobs that have the keys of the items, each once. Locks them in a mode that does not
 * block updates. The lock is written to the WAL, so the commit waits for a synchronous standby: a
 * job returned here is not lost when the standby takes over.
 */
async function existingJobs(
  ledger: Ledger,
  items: Prepared[],
  { fields }: ReturnedJob,
): Promise<ReadonlyMap<string, Job>> {
  if (items.length === 0) return new Map()
  const keys = items.map(({ userId, idempotencyKey }) => ({ userId, idempotencyKey }))
  const changes = Prisma.sql`
    WITH key AS (
      SELECT DISTINCT * FROM json_to_recordset(${JSON.stringify(keys)}::json) AS item ("userId" text, "idempotencyKey" text)
    ), changed AS (
      SELECT jobs.* FROM key JOIN jobs ON jobs.user_id = key."userId" AND jobs.idempotency_key = key."idempotencyKey"
      FOR KEY SHARE OF jobs
    )`
  // No `bound`: the insertion has counted these bytes and is committed.
  const jobs = await changeJobs(ledger, { changes, needs: ['userId', 'idempotencyKey', 'requestHash'] }, { fields })
  return new Map(jobs.map((job) => [keyOf(job), job]))
}

function keyOf({ userId, idempotencyKey }: Pick<CreateJobInput, 'userId' | 'idempotencyKey'>): string {
  return JSON.stringify([userId, idempotencyKey])
}

function repeated(input: Prepared, existing: ReadonlyMap<string, Job>): CreatedJob | IdempotencyConflictError {
  const job = existing.get(keyOf(input))
  // Another trigger or rule has dropped the row.
  if (!job?.requestHash) throw new Error('A job was neither inserted nor found by its idempotency key.')
  const stored = Buffer.from(job.requestHash).toString('hex')
  const isSame = stored === input.requestHash || sameInputs(input).some((same) => requestHash(same) === stored)
  return isSame ? { job, created: false } : new IdempotencyConflictError(job)
}

/**
 * The input with each default value explicit or omitted. The stored hash covers the form that the
 * first request used.
 */
function sameInputs(input: CreateJobInput): CreateJobInput[] {
  const forms = (value: number | null | undefined, byDefault: number) =>
    (value ?? byDefault) === byDefault ? [undefined, byDefault] : [value]
  return forms(input.priority, DEFAULT_PRIORITY).flatMap((priority) =>
    forms(input.maxAttempts, DEFAULT_ATTEMPTS).map((maxAttempts) => ({ ...input, priority, maxAttempts })),
  )
}

/**
 * Hexadecimal SHA-256 of the input with sorted keys. Equal for inputs that differ only in the order
 * of keys.
 */
function requestHash({ content, preset, metadata, priority, runAt, maxAttempts }: CreateJobInput): string {
  const ordered = stringify({
    content,
    preset: preset ?? null,
    metadata: metadata ?? {},
    // Omitted if not given, so that hashes from before these fields existed stay valid.
    priority: priority ?? undefined,
    runAt: runAt ?? undefined,
    maxAttempts: maxAttempts ?? undefined,
  }) as string
  return createHash('sha256').update(ordered).digest('hex')
}
