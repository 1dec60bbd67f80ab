// When a PENDING job is due. The clock of the database may be set back: a job that was created while it was ahead must not wait until the
// clock is there again, unless a caller asked for that time. (Jobs that wait for another attempt: shortenRetryWaits.ts.)
import { Prisma } from '../database/generated/client.ts'

/** True for jobs whose time has come, and for those that were created without one: theirs is that of their creation. */
export const IS_DUE = Prisma.sql`(run_at <= now() OR run_at <= created_at)`

/**
 * A common table expression with one row: no job with a later `run_at` is due. That is now, unless the clock was set back: then there are
 * jobs that changed later than now. By milliseconds there always are, because now() is when the transaction began.
 */
export const DUE_BOUND = Prisma.sql`due_bound AS MATERIALIZED (
  SELECT greatest(now(), CASE WHEN latest.at <= now() + interval '1 minute' THEN latest.at
    ELSE (SELECT created_at FROM jobs WHERE state = 'PENDING' ORDER BY id DESC LIMIT 1) END) AS run_at
  FROM (SELECT (SELECT updated_at FROM jobs ORDER BY updated_at DESC, id DESC LIMIT 1) AS at) AS latest
)`

/** A bound for the index of the queue, which IS_DUE does not have. */
export const IS_WITHIN_BOUND = Prisma.sql`run_at <= (SELECT due_bound.run_at FROM due_bound)`
