// How the records of one user's jobs are found: the order is that of the records, the user is known to the jobs alone. To pass over the records of
// all others in the order of time takes seconds where the user has few.
import { Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import type { ReadRange } from './page.ts'

/** A user has few jobs if it has no more than this: then the records of all of them are sorted. */
const FEW_JOBS = 2000

/**
 * The condition that of the records that `run` admits, in its order, only the first `run.take` satisfy that are of the user's jobs.
 *
 * Newest first and from the beginning, they are found by what changed last: no record is later than its job's `updated_at`, and those of as many of the
 * newest jobs tell since when there are enough among all. Otherwise it depends on how many jobs the user has.
 */
export function recordsOfUser(userId: string, run: ReadRange): Prisma.Sql {
  const { take } = run
  const end = Prisma.sql`ORDER BY ${run.orderBy} LIMIT ${take}`
  const records = Prisma.sql`SELECT job_states.id FROM job_states WHERE`
  const admitted = and([run.condition, run.between])
  const since = Prisma.sql`(SELECT since FROM reach)`
  return Prisma.sql`job_states.id = ANY (ARRAY(
    WITH newest AS MATERIALIZED (${run.isBeginning ? newestRecords(userId, run) : NONE}),
    reach AS MATERIALIZED (
      SELECT CASE
        WHEN (SELECT count(*) FROM newest) = ${take} THEN (SELECT min("timestamp") FROM newest)
        WHEN (SELECT count(*) FROM (SELECT FROM jobs WHERE user_id = ${userId} LIMIT ${FEW_JOBS + 1}) AS few) <= ${FEW_JOBS} THEN '-infinity'
      END AS since
    )
    (${records} ${since} IS NOT NULL AND job_states.timestamp >= ${since} AND ${admitted} AND job_states.job_id = ANY (ARRAY(
      SELECT id FROM jobs WHERE user_id = ${userId} AND updated_at >= ${since}
    )) ${end})
    UNION ALL
    (${records} ${since} IS NULL AND ${admitted} AND EXISTS (
      SELECT FROM jobs WHERE jobs.id = job_states.job_id AND user_id = ${userId}
    ) ${end})
  ))`
}

const NONE = Prisma.sql`SELECT NULL::timestamptz AS "timestamp" WHERE false`

function newestRecords(userId: string, { condition, take }: ReadRange): Prisma.Sql {
  return Prisma.sql`
    SELECT record."timestamp" FROM (SELECT id FROM jobs WHERE user_id = ${userId} ORDER BY id DESC LIMIT ${take}) AS job
    CROSS JOIN LATERAL (
      SELECT job_states.timestamp FROM job_states WHERE job_states.job_id = job.id AND ${condition}
      ORDER BY job_states.sequence DESC LIMIT ${take}
    ) AS record
    ORDER BY record."timestamp" DESC LIMIT ${take}`
}
