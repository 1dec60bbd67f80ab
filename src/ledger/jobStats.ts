// What happened to jobs, by time: from the roll-up and its tail where the filter is a user or nothing, else from the records themselves.
import { Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { DurationHistogram } from './durations.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { InputCheck } from './inputCheck.ts'
import { checkJobFilter, type JobFilter, jobConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import { type RollUpQuery, rollUpQuery } from './rolledUpCounts.ts'
import { rollUpCtes } from './rollUpTail.ts'

export type StatsBucket = 'MINUTE' | 'HOUR' | 'DAY'

export const BUCKET_SECONDS = { MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const satisfies Record<StatsBucket, number>

/** More buckets than this are refused: two months by the hour, a day by the minute. */
export const MAX_BUCKETS = 1500

export interface JobStatsRequest {
  /** `includeDeleted` is left out of account: what happened to a job that was deleted since has happened. */
  readonly filter?: JobFilter | null | undefined
  /** Inclusive. */
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly bucket: StatsBucket
}

/** What happened between `start` and the start of the next bucket. */
export interface JobStatsBucket {
  readonly start: Date
  readonly created: number
  /** Transitions to PROCESSING. */
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Transitions from PENDING or PROCESSING to CANCELLED; a job that is deleted when it is finished is not cancelled. */
  readonly cancelled: number
  /** How long the jobs that were started had been PENDING; null if none was. */
  readonly medianWaitMs: number | null
  /** How long the jobs that were completed or failed had been PROCESSING; null if none was. */
  readonly medianProcessingMs: number | null
  readonly p95ProcessingMs: number | null
}

/**
 * The buckets that the time from `from` up to `to` touches, each whole, aligned to UTC, in order of time, empty ones included. Durations are
 * those of the last state, told within `RELATIVE_ERROR`.
 *
 * @throws InvalidInputError
 */
export async function jobStats(ledger: Ledger, request: JobStatsRequest): Promise<JobStatsBucket[]> {
  const filter = request.filter ?? {}
  const span = spanOf(request, ledger.limits)
  checkJobFilter(filter, ledger.limits)
  if (span.starts.length === 0) return []
  if (isImpossibleJobFilter(filter)) return bucketsOf(span, [])
  return bucketsOf(span, (await rolledUp(ledger, filter, span)) ?? (await recorded(ledger, filter, span)))
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
    check.addIssue('to', `must not be earlier than "from"; ${to.toISOString()} came, and ${from.toISOString()}.`)
  check.throwIfAny()
  const ms = 1000 * BUCKET_SECONDS[bucket]
  const first = Math.floor(from.getTime() / ms)
  const count = from < to ? Math.ceil(to.getTime() / ms) - first : 0
  if (count > MAX_BUCKETS) {
    check.addIssue('to', `leads to ${count} buckets of a ${bucket}; at most ${MAX_BUCKETS} are allowed.`)
    check.throwIfAny()
  }
  const starts = Array.from({ length: count }, (_, index) => new Date((first + index) * ms))
  return { bucket, starts, first: new Date(first * ms), last: new Date((first + count - 1) * ms) }
}

/** A part of what happened in a bucket. */
interface Piece extends Record<Counter, number> {
  readonly start: Date
  readonly waitBuckets: string
  readonly waitCounts: string
  readonly processingBuckets: string
  readonly processingCounts: string
}

const COUNTERS = ['created', 'started', 'completed', 'failed', 'cancelled'] as const
type Counter = (typeof COUNTERS)[number]

/** Whether the roll-up knows the statistics, so that they are read without looking at the records. */
export function isStatsRolledUp(filter: JobFilter, bucket: StatsBucket): boolean {
  return statsQuestion(filter, bucket) !== undefined
}

function statsQuestion(filter: JobFilter, bucket: StatsBucket): RollUpQuery | undefined {
  const question = filter.states == null ? rollUpQuery(filter) : undefined
  // Of single users there are no minutes.
  return question?.userId !== undefined && bucket === 'MINUTE' ? undefined : question
}

/** Undefined if the roll-up cannot answer: it does not know the filter, or is too far behind. */
async function rolledUp({ sql }: Ledger, filter: JobFilter, span: Span): Promise<Piece[] | undefined> {
  const question = statsQuestion(filter, span.bucket)
  if (question === undefined) return undefined
  const { userId } = question
  const rows = await sql.query<{ isBehind: boolean } & (Piece | { start: null })>`
    WITH ${rollUpCtes(userId)}, pieces AS (
      SELECT start, created, started, completed, failed, cancelled,
        array_to_string(wait_buckets, ' ') AS "waitBuckets", array_to_string(wait_counts, ' ') AS "waitCounts",
        array_to_string(processing_buckets, ' ') AS "processingBuckets", array_to_string(processing_counts, ' ') AS "processingCounts"
      FROM jobledger.job_statistics
      WHERE user_id = ${userId ?? ''} AND bucket_seconds = ${BUCKET_SECONDS[span.bucket]} AND start >= ${span.first} AND start < ${endOf(span)}
      UNION ALL
      (${piecesOf(Prisma.sql`tail AS record`, Prisma.sql`true`, span)})
    )
    SELECT lag."isBehind", pieces.* FROM lag LEFT JOIN pieces ON NOT lag."isBehind"`
  if (rows.some(({ isBehind }) => isBehind)) return undefined
  return rows.filter((row): row is Piece & { isBehind: false } => row.start !== null)
}

/** From the records of the jobs that the filter admits. */
async function recorded({ sql }: Ledger, filter: JobFilter, span: Span): Promise<Piece[]> {
  const source = Prisma.sql`job_states AS record JOIN jobs ON jobs.id = record.job_id`
  return sql.query<Piece>(piecesOf(source, and(jobConditions(filter)), span))
}

function endOf({ bucket, last }: Span): Prisma.Sql {
  return Prisma.sql`${last}::timestamptz + ${Prisma.raw(`interval '${BUCKET_SECONDS[bucket]} seconds'`)}`
}

/** The same sums as in the roll-up (jobledger.apply_to_rollup), of other records. */
function piecesOf(source: Prisma.Sql, condition: Prisma.Sql, span: Span): Prisma.Sql {
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

function bucketsOf({ bucket, starts, first }: Span, pieces: readonly Piece[]): JobStatsBucket[] {
  const sums = starts.map(() => newSum())
  const ms = 1000 * BUCKET_SECONDS[bucket]
  for (const piece of pieces) {
    const sum = sums[Math.floor((piece.start.getTime() - first.getTime()) / ms)]
    if (sum === undefined) continue
    for (const counter of COUNTERS) sum.counts[counter] += piece[counter]
    sum.waits.add(piece.waitBuckets, piece.waitCounts)
    sum.processings.add(piece.processingBuckets, piece.processingCounts)
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
