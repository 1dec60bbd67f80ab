// Finds the records of one user's jobs. Lists are ordered by columns of the records, but only the
// jobs have the user. Scanning the records of all users in order takes seconds if this user has
// few.
import { Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import type { ReadRange } from './page.ts'

/** Up to this number of jobs of the user, the records of all of them are read and sorted. */
const FEW_JOBS = 2000

/**
 * Restricts `range` to the first `take` records that belong to the user's jobs.
 *
 * At the start of the list, the records of the user's `take` newest jobs give a time since which
 * there are at least `take` records. Only jobs that changed since then matter, because no record is
 * later than its job's `updated_at`. Further on, the plan depends on the number of the user's jobs:
 * it reads all their records, or scans the records of all users.
 */
export function recordsOfUser(userId: string, range: ReadRange): Prisma.Sql {
  const { take } = range
  const end = Prisma.sql`ORDER BY ${range.orderBy} LIMIT ${take}`
  const records = Prisma.sql`SELECT job_states.id FROM job_states WHERE`
  const matching = and([range.condition, range.between])
  const since = Prisma.sql`(SELECT since FROM bound)`
  return Prisma.sql`job_states.id = ANY (ARRAY(
    WITH newest AS MATERIALIZED (${range.isBeginning ? newestRecords(userId, range) : NONE}),
    bound AS MATERIALIZED (
      SELECT CASE
        WHEN (SELECT count(*) FROM newest) = ${take} THEN (SELECT min("timestamp") FROM newest)
        WHEN (SELECT count(*) FROM (SELECT FROM jobs WHERE user_id = ${userId} LIMIT ${FEW_JOBS + 1}) AS few) <= ${FEW_JOBS} THEN '-infinity'
      END AS since
    )
    (${records} ${since} IS NOT NULL AND job_states.timestamp >= ${since} AND ${matching} AND job_states.job_id = ANY (ARRAY(
      SELECT id FROM jobs WHERE user_id = ${userId} AND updated_at >= ${since}
    )) ${end})
    UNION ALL
    (${records} ${since} IS NULL AND ${matching} AND EXISTS (
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
