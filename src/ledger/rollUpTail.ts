// The tail of the roll-up: the records after its checkpoint, in the snapshot of the statement. For
// the WITH clause of a statement.
import { Prisma } from '../database/generated/client.ts'
import { ROLL_UP } from './rollUp.ts'

/**
 * Maximum length of a tail that is added to the sums. With a longer tail, counting the jobs
 * directly is about as fast.
 */
const MAX_TAIL_RECORDS = 20_000

/**
 * Always true. Without it PostgreSQL plans for a tail as long as its limit, whose cost triggers JIT
 * compilation, which takes longer than the query. PostgreSQL estimates that an equality of unknown
 * expressions is true for one row in 200.
 */
const USUALLY_SHORT = Prisma.sql`record.sequence + 0 = record.sequence`

/**
 * The common table expressions. `checkpoint`: one row, or none if it does not exist. `tail`: the
 * records after it, only those of one user's jobs if `userId` is given. `lag`: one row; `isBehind`
 * is true if the sums lag too far behind or were loaded without their checkpoint.
 */
export function rollUpCtes(userId: string | undefined): Prisma.Sql {
  const ofUser =
    userId === undefined
      ? Prisma.empty
      : Prisma.sql`WHERE (SELECT user_id FROM jobs WHERE jobs.id = unread.job_id) = ${userId}`
  // One record more than the limit is enough to detect the lag. The limit is a literal, so that the
  // planner knows it.
  return Prisma.sql`
    checkpoint AS (SELECT transaction_id, record_id FROM jobledger.consumers WHERE name = ${ROLL_UP}),
    unread AS MATERIALIZED (
      SELECT record.* FROM checkpoint CROSS JOIN LATERAL (
        SELECT job_id, sequence, previous_state, new_state, timestamp, previous_state_duration_ms FROM job_states
        WHERE (job_states.transaction_id, job_states.id) > (checkpoint.transaction_id, checkpoint.record_id)
        ORDER BY transaction_id, id LIMIT ${Prisma.raw(String(MAX_TAIL_RECORDS + 1))}
      ) AS record
      WHERE ${USUALLY_SHORT}
    ),
    lag AS (
      SELECT NOT EXISTS (SELECT FROM checkpoint) OR (SELECT count(*) FROM unread) > ${MAX_TAIL_RECORDS}
        OR EXISTS (SELECT FROM checkpoint WHERE transaction_id = 0 AND EXISTS (SELECT FROM jobledger.job_counts)) AS "isBehind"
    ),
    tail AS (SELECT * FROM unread ${ofUser})`
}
