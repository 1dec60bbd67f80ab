// Statistics of jobs over time. Reads the roll-up and its tail if the filter has at most a user,
// and the records otherwise.
import { Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { DurationHistogram } from './durations.ts'
import { withoutExclusions } from './exclusions.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { InputCheck } from './inputCheck.ts'
import { checkJobFilter, type JobFilter, jobConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import { type RollUpQuery, rollUpQuery } from './rolledUpCounts.ts'
import { rollUpCtes } from './rollUpTail.ts'

export type StatsBucket = 'MINUTE' | 'HOUR' | 'DAY'

export const BUCKET_SECONDS = { MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const satisfies Record<StatsBucket, number>

/** Maximum number of buckets: two months by hour, a day by minute. */
export const MAX_BUCKETS = 1500

export interface JobStatsRequest {
  /** Ignores `includeDeleted`: the statistics always include the records of deleted jobs. */
  readonly filter?: JobFilter | null | undefined
  /** Inclusive. */
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly bucket: StatsBucket
}

/** What happened from `start` until the start of the next bucket. */
export interface JobStatsBucket {
  readonly start: Date
  readonly created: number
  /** Transitions to PROCESSING. */
  readonly started: number
  readonly completed: number
  readonly failed: number
  /**
   * Transitions from PENDING or PROCESSING to CANCELLED. Deleting a finished job does not count.
   */
  readonly cancelled: number
  /** Median time in PENDING of the jobs that were started. Null if none was started. */
  readonly medianWaitMs: number | null
  /** Median time in PROCESSING of the jobs that completed or failed. Null if none did. */
  readonly medianProcessingMs: number | null
  readonly p95ProcessingMs: number | null
}

/**
 * All buckets that overlap the time from `from` to `to`, in order of time. Buckets are aligned to
 * UTC, complete at both ends, and include empty ones. Durations are those of the previous state,
 * with a relative error of at most `RELATIVE_ERROR`.
 *
 * @throws InvalidInputError
 */
export async function jobStats(ledger: Ledger, request: JobStatsRequest): Promise<JobStatsBucket[]> {
  const filter = request.filter ?? {}
  const span = spanOf(request, ledger.limits)
  checkJobFilter(filter, ledger.limits)
  if (span.starts.length === 0) return []
  if (isImpossibleJobFilter(filter)) return bucketsOf(span, [])
  return bucketsOf(span, (await readRollUp(ledger, filter, span)) ?? (await readRecords(ledger, filter, span)))
}

interface Span {
  readonly bucket: StatsBucket
  readonly starts: readonly Date[]
  readonly first: Date
  readonly last: Date
}

function spanOf({ from, to, bucket }: JobStatsRequest, limits: Limits): Span {
  const check = new InputCheck(limits)
  check.instant('from', from)
  check.instant('to', to)
  if (from > to)
    check.addIssue('to', `must not be earlier than "from" (got ${to.toISOString()}, "from" is ${from.toISOString()}).`)
  check.throwIfAny()
  const ms = 1000 * BUCKET_SECONDS[bucket]
  const first = Math.floor(from.getTime() / ms)
  const count = from < to ? Math.ceil(to.getTime() / ms) - first : 0
  if (count > MAX_BUCKETS) {
    check.addIssue('to', `must give at most ${MAX_BUCKETS} buckets of one ${bucket} (got ${count}).`)
    check.throwIfAny()
  }
  const starts = Array.from({ length: count }, (_, index) => new Date((first + index) * ms))
  return { bucket, starts, first: new Date(first * ms), last: new Date((first + count - 1) * ms) }
}

/** A part of the sums of one bucket. */
interface PartialSum extends Record<Counter, number> {
  readonly start: Date
  readonly waitBuckets: string
  readonly waitCounts: string
  readonly processingBuckets: string
  readonly processingCounts: string
}

const COUNTERS = ['created', 'started', 'completed', 'failed', 'cancelled'] as const
type Counter = (typeof COUNTERS)[number]

/** Whether the roll-up contains these statistics, so that reading them does not read records. */
export function isStatsRolledUp(filter: JobFilter, bucket: StatsBucket): boolean {
  return statsQuery(filter, bucket) !== undefined
}

function statsQuery(filter: JobFilter, bucket: StatsBucket): RollUpQuery | undefined {
  const query = withoutExclusions(filter).states == null ? rollUpQuery(filter) : undefined
  // The roll-up has no minutes of single users.
  return query?.userId !== undefined && bucket === 'MINUTE' ? undefined : query
}

/** Undefined if the roll-up does not support the filter or lags too far behind. */
async function readRollUp({ sql }: Ledger, filter: JobFilter, span: Span): Promise<PartialSum[] | undefined> {
  const query = statsQuery(filter, span.bucket)
  if (query === undefined) return undefined
  const { userId } = query
  const rows = await sql.query<{ isBehind: boolean } & (PartialSum | { start: null })>`
    WITH ${rollUpCtes(userId)}, sums AS (
      SELECT start, created, started, completed, failed, cancelled,
        array_to_string(wait_buckets, ' ') AS "waitBuckets", array_to_string(wait_counts, ' ') AS "waitCounts",
        array_to_string(processing_buckets, ' ') AS "processingBuckets", array_to_string(processing_counts, ' ') AS "processingCounts"
      FROM jobledger.job_statistics
      WHERE user_id = ${userId ?? ''} AND bucket_seconds = ${BUCKET_SECONDS[span.bucket]} AND start >= ${span.first} AND start < ${endOf(span)}
      UNION ALL
      (${partialSums(Prisma.sql`tail AS record`, Prisma.sql`true`, span)})
    )
    SELECT lag."isBehind", sums.* FROM lag LEFT JOIN sums ON NOT lag."isBehind"`
  if (rows.some(({ isBehind }) => isBehind)) return undefined
  return rows.filter((row): row is PartialSum & { isBehind: false } => row.start !== null)
}

/** Sums up the records of the jobs that match the filter. */
async function readRecords({ sql }: Ledger, filter: JobFilter, span: Span): Promise<PartialSum[]> {
  const source = Prisma.sql`job_states AS record JOIN jobs ON jobs.id = record.job_id`
  return sql.query<PartialSum>(partialSums(source, and(jobConditions(filter)), span))
}

function endOf({ bucket, last }: Span): Prisma.Sql {
  return Prisma.sql`${last}::timestamptz + ${Prisma.raw(`interval '${BUCKET_SECONDS[bucket]} seconds'`)}`
}

/**
 * Computes the same sums as the roll-up (jobledger.apply_to_rollup) for the records of `source`.
 */
function partialSums(source: Prisma.Sql, condition: Prisma.Sql, span: Span): Prisma.Sql {
  const size = Prisma.raw(`interval '${BUCKET_SECONDS[span.bucket]} seconds'`)
  return Prisma.sql`
    SELECT start, sum(created)::integer AS created, sum(started)::integer AS started, sum(completed)::integer AS completed,
      sum(failed)::integer AS failed, sum(cancelled)::integer AS cancelled,
      coalesce(string_agg(bucket::text, ' ') FILTER (WHERE measure = 'wait'), '') AS "waitBuckets",
      coalesce(string_agg(count::text, ' ') FILTER (WHERE measure = 'wait'), '') AS "waitCounts",
      coalesce(string_agg(bucket::text, ' ') FILTER (WHERE measure = 'processing'), '') AS "processingBuckets",
      coalesce(string_agg(count::text, ' ') FILTER (WHERE measure = 'processing'), '') AS "processingCounts"
    FROM (
      SELECT start, measure, bucket, count(*) AS count,
        count(*) FILTER (WHERE previous_state IS NULL) AS created,
        count(*) FILTER (WHERE new_state = 'PROCESSING') AS started,
        count(*) FILTER (WHERE new_state = 'COMPLETED') AS completed,
        count(*) FILTER (WHERE new_state = 'FAILED') AS failed,
        count(*) FILTER (WHERE new_state = 'CANCELLED' AND previous_state IN ('PENDING', 'PROCESSING')) AS cancelled
      FROM (
        SELECT record.previous_state, record.new_state, date_bin(${size}, record.timestamp, ${ORIGIN}) AS start,
          jobledger.duration_kind(record.previous_state, record.new_state) AS measure,
          CASE WHEN jobledger.duration_kind(record.previous_state, record.new_state) IS NOT NULL
            THEN jobledger.duration_bucket(record.previous_state_duration_ms) END AS bucket
        FROM ${source}
        WHERE record.timestamp >= ${span.first} AND record.timestamp < ${endOf(span)} AND ${condition}
      ) AS fact GROUP BY start, measure, bucket
    ) AS sums GROUP BY start`
}

const ORIGIN = Prisma.raw("timestamptz '2000-01-01 00:00Z'")

function bucketsOf({ bucket, starts, first }: Span, parts: readonly PartialSum[]): JobStatsBucket[] {
  const sums = starts.map(() => newSum())
  const ms = 1000 * BUCKET_SECONDS[bucket]
  for (const part of parts) {
    const sum = sums[Math.floor((part.start.getTime() - first.getTime()) / ms)]
    if (sum === undefined) continue
    for (const counter of COUNTERS) sum.counts[counter] += part[counter]
    sum.waits.add(part.waitBuckets, part.waitCounts)
    sum.processings.add(part.processingBuckets, part.processingCounts)
  }
  return sums.map(({ counts, waits, processings }, index) => ({
    start: starts[index] as Date,
    ...counts,
    medianWaitMs: waits.quantile(0.5),
    medianProcessingMs: processings.quantile(0.5),
    p95ProcessingMs: processings.quantile(0.95),
  }))
}

interface Sum {
  readonly counts: Record<Counter, number>
  readonly waits: DurationHistogram
  readonly processings: DurationHistogram
}

function newSum(): Sum {
  const counts = { created: 0, started: 0, completed: 0, failed: 0, cancelled: 0 }
  return { counts, waits: new DurationHistogram(), processings: new DurationHistogram() }
}
