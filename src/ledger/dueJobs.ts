// When a PENDING job is due. The clock of the database may be set back: a job that was created
// while the clock was ahead must not wait until the clock catches up, unless a caller asked for
// that time. For jobs that wait for another attempt see shortenRetryWaits.ts.
import { Prisma } from '../database/generated/client.ts'

/**
 * True if `run_at` has passed, or if the job was created without one, which sets it to the time of
 * creation.
 */
export const IS_DUE = Prisma.sql`(run_at <= now() OR run_at <= created_at)`

/**
 * A common table expression with one row, the latest `run_at` that a due job can have. This is
 * now(), unless the clock was set back: then some jobs changed later than now(). The tolerance is
 * needed because now() is the start of the transaction, so jobs that changed a few milliseconds
 * later are normal.
 */
export const DUE_BOUND = Prisma.sql`due_bound AS MATERIALIZED (
  SELECT greatest(now(), CASE WHEN latest.at <= now() + interval '1 minute' THEN latest.at
    ELSE (SELECT created_at FROM jobs WHERE state = 'PENDING' ORDER BY id DESC LIMIT 1) END) AS run_at
  FROM (SELECT (SELECT updated_at FROM jobs ORDER BY updated_at DESC, id DESC LIMIT 1) AS at) AS latest
)`

/** Bounds the range of the queue index. IS_DUE alone does not. */
export const IS_WITHIN_BOUND = Prisma.sql`run_at <= (SELECT due_bound.run_at FROM due_bound)`

/**
 * A recursive common table expression: the priorities of the PENDING jobs, highest first, each
 * found by one look at the queue index; then a null.
 */
export const PRIORITY_LEVELS = Prisma.sql`level AS (
      (SELECT priority FROM jobs WHERE state = 'PENDING' ORDER BY priority DESC LIMIT 1)
      UNION ALL
      SELECT (SELECT jobs.priority FROM jobs WHERE jobs.state = 'PENDING' AND jobs.priority < level.priority
        ORDER BY jobs.priority DESC LIMIT 1)
      FROM level WHERE level.priority IS NOT NULL
    )`
