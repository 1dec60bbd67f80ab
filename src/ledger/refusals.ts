// Refused attempts to change jobs, for auditors. They are not part of the history of a job: servers
// store them after they have answered, and maintenance removes them.
import { type JobRefusal, type JobState, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { REFUSALS } from '../database/rows/tables.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import type { Ledger } from './ledger.ts'
import { type Page, type PageRequest, pageOfRows } from './page.ts'

export type RefusalKind = 'ILLEGAL_TRANSITION' | 'VERSION_CONFLICT' | 'LATE_COMPLETION' | 'FORBIDDEN'

/** A refused attempt to change a job. */
export interface Refusal {
  readonly jobId: string
  readonly kind: RefusalKind
  readonly actor: string
  /** The state that the job would have entered; null if none. */
  readonly attempted: JobState | null
  /** The state of the job; null if it was not read. */
  readonly from: JobState | null
  readonly expectedVersion: number | null
  /** The version of the job; null if it was not read. */
  readonly actualVersion: number | null
  readonly message: string
  /** It is a refusal only if the job belongs to another user than this one. */
  readonly notOwnedBy?: string
  /** Of a lease: it is a refusal only if another actor than this one has ended the claim. */
  readonly isLease?: boolean
}

/** Several equal refusals. */
export interface RepeatedRefusal extends Refusal {
  /** Number of attempts, at least 1. */
  readonly times: number
  /** Time since the first attempt, in milliseconds. */
  readonly ageMs: number
}

/** Where refusals are passed to. Must not wait and must not throw. */
export interface RefusalSink {
  add(refusal: Refusal): void
}

/**
 * Maximum number of rows of a job. Beyond it, attempts are counted on the latest row of the same
 * actor and kind, if there is one.
 */
export const MAX_ROWS_PER_JOB = 1000

/**
 * Stores refusals in one statement. Attempts on jobs that do not exist are left out. Equal attempts
 * within a minute are counted on the row of the first one.
 *
 * An actor that has ended its claim itself was not late: it extended the lease at the same time, or
 * repeated a request of which it got no answer. Nor was one with a version that the job never had.
 */
export async function storeRefusals({ sql }: Ledger, refusals: readonly RepeatedRefusal[]): Promise<void> {
  const statement = Prisma.sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${JSON.stringify(refusals)}::json) AS ("jobId" uuid, "kind" text, "actor" text,
        "attempted" job_state, "from" job_state, "expectedVersion" integer, "actualVersion" integer, "message" text,
        "notOwnedBy" text, "isLease" boolean, "times" bigint, "ageMs" double precision)
    ), judged AS (
      SELECT given.*, clock_timestamp() - interval '1 millisecond' * "ageMs" AS "timestamp",
        CASE WHEN "kind" = 'LATE_COMPLETION' AND (ended_itself OR jobs.version <= "expectedVersion")
          THEN 'VERSION_CONFLICT' ELSE "kind" END AS "storedKind"
      FROM given JOIN jobs ON jobs.id = "jobId" CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM job_states WHERE job_id = "jobId" AND sequence = "expectedVersion"::bigint + 1 AND job_states.actor = given.actor
      ) AS ended_itself) AS own
      WHERE ("notOwnedBy" IS NULL OR jobs.user_id <> "notOwnedBy") AND NOT (ended_itself AND coalesce("isLease", false))
    ), kept AS MATERIALIZED (
      SELECT judged.*, ${EARLIER_ROW} AS "earlierId" FROM judged
    ), repeated AS (
      UPDATE jobledger.refusals AS earlier SET times = least(earlier.times + more.times, 2147483647)
      FROM (SELECT "earlierId", sum("times") AS times FROM kept GROUP BY "earlierId") AS more
      WHERE earlier.id = more."earlierId"
    )
    INSERT INTO jobledger.refusals (job_id, kind, actor, "timestamp", attempted, from_state, expected_version, actual_version, message, times)
    SELECT "jobId", "storedKind", "actor", "timestamp", "attempted", "from", "expectedVersion", "actualVersion", "message",
      least("times", 2147483647)
    FROM kept WHERE "earlierId" IS NULL`
  // Servers may count on the same rows in different orders.
  await retryConflicts(() => sql.execute(statement))
}

/** An expression for the id of the row on which an attempt in `judged` is counted, or null. */
const EARLIER_ROW = Prisma.sql`(
  SELECT id FROM jobledger.refusals AS earlier
  WHERE earlier.job_id = "jobId" AND earlier.actor = judged.actor AND earlier.kind = "storedKind" AND (
    earlier."timestamp" > judged."timestamp" - interval '1 minute'
      AND (earlier.attempted, earlier.from_state, earlier.expected_version, earlier.actual_version)
        IS NOT DISTINCT FROM (judged.attempted, judged."from", "expectedVersion", "actualVersion")
    OR (SELECT count(*) FROM (SELECT FROM jobledger.refusals WHERE job_id = "jobId" LIMIT ${MAX_ROWS_PER_JOB}) AS one) = ${MAX_ROWS_PER_JOB})
  ORDER BY earlier."timestamp" DESC, earlier.id DESC LIMIT 1)`

const NEWEST_FIRST: KeysetOrder = {
  name: 'refusals',
  direction: 'desc',
  key: [
    { field: 'timestamp', column: 'jobledger.refusals."timestamp"', kind: 'date' },
    { field: 'id', column: 'jobledger.refusals.id', kind: 'uuid' },
  ],
}

/** One page of the refusals of a job, newest first. @throws InvalidInputError */
export async function listRefusals(ledger: Ledger, jobId: string, request: PageRequest): Promise<Page<JobRefusal>> {
  const condition = Prisma.sql`jobledger.refusals.job_id = ${jobId}::uuid`
  const shape = objectShape<JobRefusal>(REFUSALS, undefined)
  return pageOfRows(ledger, { table: REFUSALS, shape, order: NEWEST_FIRST, condition }, request)
}

/** Number of rows of the refusals of a job. */
export async function countRefusals({ sql }: Ledger, jobId: string): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>`
    SELECT count(*) FROM jobledger.refusals WHERE job_id = ${jobId}::uuid`
  return Number(row?.count ?? 0)
}

/**
 * Removes up to `max` of the refusals that are older than `days` of 24 hours, oldest first, in one
 * statement. Returns their ids.
 */
export async function removeRefusals(
  { sql }: Ledger,
  { days, max }: { readonly days: number; readonly max: number },
): Promise<string[]> {
  const removed = await sql.query<{ id: string }>`
    DELETE FROM jobledger.refusals WHERE id = ANY (ARRAY(
      SELECT id FROM jobledger.refusals WHERE "timestamp" < now() - interval '24 hours' * ${days}::integer
      ORDER BY "timestamp" LIMIT ${max}
    )) RETURNING id`
  return removed.map(({ id }) => id)
}
