// The jobs that are PROCESSING, and the workers that hold them.
import { Prisma } from '../database/generated/client.ts'
import { ENDED_LEASES } from './leases.ts'
import type { Ledger } from './ledger.ts'
import { STUCK_AFTER_SECONDS } from './stuckJobs.ts'

export interface WorkerActivity {
  readonly actor: string
  /** Number of jobs that it holds in PROCESSING. */
  readonly jobs: number
  /** The earliest end of its leases; null if none of its jobs has a lease. */
  readonly nextLeaseEnd: Date | null
  /** Number of its jobs whose lease has ended. */
  readonly expiredLeases: number
}

export interface ProcessingJobs {
  /** Number of jobs in PROCESSING, counted up to `MAX_PROCESSING`. */
  readonly count: number
  /** Those that have been PROCESSING for longer than `STUCK_AFTER_SECONDS`. */
  readonly stuck: number
  /** Those whose lease has ended. */
  readonly expiredLeases: number
  /** The workers with the most jobs, at most `MAX_WORKERS`. */
  readonly workers: readonly WorkerActivity[]
  /** Number of workers that `workers` omits. */
  readonly moreWorkers: number
}

/** Jobs that started later than this many others are not counted. */
export const MAX_PROCESSING = 10_000
export const MAX_WORKERS = 100

type Row = WorkerActivity & Readonly<Record<'allJobs' | 'allStuck' | 'allExpired' | 'allWorkers', number>>

/** Who holds which jobs in PROCESSING. Runs one statement, on at most `MAX_PROCESSING` jobs. */
export async function readProcessingJobs({ sql }: Ledger): Promise<ProcessingJobs> {
  const rows = await sql.query<Row>`
    WITH held AS MATERIALIZED (
      SELECT state_actor, lease_expires_at, ${HAS_ENDED} AS has_ended,
        started_at < now() - interval '1 second' * ${STUCK_AFTER_SECONDS}::integer AS is_stuck
      FROM jobs WHERE state = 'PROCESSING' ORDER BY started_at, id LIMIT ${MAX_PROCESSING}
    ), workers AS (
      SELECT state_actor AS actor, count(*)::integer AS jobs, min(lease_expires_at) AS "nextLeaseEnd",
        (count(*) FILTER (WHERE has_ended))::integer AS "expiredLeases",
        (count(*) FILTER (WHERE is_stuck))::integer AS stuck
      FROM held GROUP BY state_actor
    )
    SELECT actor, jobs, "nextLeaseEnd", "expiredLeases", (count(*) OVER ())::integer AS "allWorkers",
      (sum(jobs) OVER ())::integer AS "allJobs", (sum(stuck) OVER ())::integer AS "allStuck",
      (sum("expiredLeases") OVER ())::integer AS "allExpired"
    FROM workers ORDER BY jobs DESC, actor LIMIT ${MAX_WORKERS}`
  const workers = rows.map(({ actor, jobs, nextLeaseEnd, expiredLeases }) => ({
    ...{ actor, jobs, nextLeaseEnd, expiredLeases },
  }))
  const [totals] = rows
  return {
    count: totals?.allJobs ?? 0,
    stuck: totals?.allStuck ?? 0,
    expiredLeases: totals?.allExpired ?? 0,
    workers,
    moreWorkers: (totals?.allWorkers ?? 0) - workers.length,
  }
}

/** Null without a lease. */
const HAS_ENDED = Prisma.sql`(${Prisma.join([...ENDED_LEASES], ' OR ')})`
