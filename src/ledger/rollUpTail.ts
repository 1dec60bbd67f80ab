// The tail of the roll-up: the records behind its place, as the snapshot of the statement sees them. For the WITH of a statement.
import { Prisma } from '../database/generated/client.ts'
import { ROLL_UP } from './rollUp.ts'

/**
 * A tail of so many records at most is added to the sums. To add a longer one takes as long as to count the jobs themselves, or nearly, and
 * that is done instead.
 */
const MAX_TAIL_RECORDS = 20_000

/**
 * Always true. PostgreSQL would plan for a tail as long as its limit, at a cost that makes it compile the statement (JIT), which takes longer
 * than the answer. It takes a comparison that it knows nothing about to be true for one row in 200.
 */
const USUALLY_SHORT = Prisma.sql`record.sequence + 0 = record.sequence`

/**
 * `place`: one row, unless nobody knows it. `tail`: the columns of the records, those of jobs of one user if it is given. `lag`: one row,
 * whether the sums are too far behind to be used,
 * or were loaded without their place.
 */
export function rollUpCtes(userId: string | undefined): Prisma.Sql {
  const ofUser =
    userId === undefined
      ? Prisma.empty
      : Prisma.sql`WHERE (SELECT user_id FROM jobs WHERE jobs.id = behind.job_id) = ${userId}`
  // One record more than may be is enough to know. The limit is in the text, where the planner sees it.
  return Prisma.sql`
    place AS (SELECT transaction_id, record_id FROM jobledger.consumers WHERE name = ${ROLL_UP}),
    behind AS MATERIALIZED (
      SELECT record.* FROM place CROSS JOIN LATERAL (
        SELECT job_id, sequence, previous_state, new_state, timestamp, previous_state_duration_ms FROM job_states
        WHERE (job_states.transaction_id, job_states.id) > (place.transaction_id, place.record_id)
        ORDER BY transaction_id, id LIMIT ${Prisma.raw(String(MAX_TAIL_RECORDS + 1))}
      ) AS record
      WHERE ${USUALLY_SHORT}
    ),
    lag AS (
      SELECT NOT EXISTS (SELECT FROM place) OR (SELECT count(*) FROM behind) > ${MAX_TAIL_RECORDS}
        OR EXISTS (SELECT FROM place WHERE transaction_id = 0 AND EXISTS (SELECT FROM jobledger.job_counts)) AS "isBehind"
    ),
    tail AS (SELECT * FROM behind ${ofUser})`
}
