// Counts of jobs from the roll-up and its tail. Exact, because one snapshot has the sums, their
// checkpoint, and the records after it.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { withoutExclusions } from './exclusions.ts'
import { isEmpty } from './filterReach.ts'
import { isContradiction, type JobFilter } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { rollUpCtes } from './rollUpTail.ts'

export type StateCounts = ReadonlyMap<JobState, number>

/** A query that the roll-up can answer. */
export interface RollUpQuery {
  /** Undefined: the jobs of all users. */
  readonly userId: string | undefined
  readonly includeDeleted: boolean
}

/** The query for a filter, without its states; undefined if the roll-up cannot answer it. */
export function rollUpQuery(filter: JobFilter) {
  const { ownerId, userId, states: _, includeDeleted, metadata, ...others } = withoutExclusions(filter)
  if (Object.values(others).some((value) => value != null)) return undefined
  if (metadata != null && !isEmpty(metadata)) return undefined
  // The result is empty, so the roll-up is not needed.
  if (isContradiction({ ownerId, userId })) return undefined
  const user = ownerId ?? userId ?? undefined
  // The empty user id stands for the sums of all users. No user has it.
  if (user === '') return undefined
  return { userId: user, includeDeleted: includeDeleted ?? false } satisfies RollUpQuery
}

/**
 * Number of jobs in each state; undefined if the roll-up lags too far behind. Runs one statement.
 */
export async function rolledUpCounts(
  { sql }: Ledger,
  { userId, includeDeleted }: RollUpQuery,
): Promise<StateCounts | undefined> {
  const rows = await sql.query<{ state: JobState; count: number; isBehind: boolean }>`
    WITH ${rollUpCtes(userId)}, changes AS (
      SELECT state, deleted, count FROM jobledger.job_counts WHERE user_id = ${userId ?? ''}
      UNION ALL
      ${CHANGES}
    )
    SELECT one.state::text AS state, lag."isBehind", coalesce((
      SELECT sum(count) FROM changes WHERE changes.state = one.state AND (${includeDeleted} OR NOT deleted)
    ), 0)::double precision AS count
    FROM unnest(enum_range(NULL::job_state)) AS one (state) CROSS JOIN lag`
  if (rows.some(({ isBehind }) => isBehind)) return undefined
  return new Map(rows.map(({ state, count }) => [state, count]))
}

// A record moves a job from one state to another. A deleted job gets no further records.
const CHANGES = Prisma.sql`
  SELECT change.state, change.deleted, change.count
  FROM tail CROSS JOIN LATERAL (VALUES
    (new_state, new_state = 'CANCELLED' AND EXISTS (
      SELECT FROM jobs WHERE jobs.id = tail.job_id AND deleted_at IS NOT NULL AND version = tail.sequence), 1),
    (previous_state, false, -1)
  ) AS change (state, deleted, count)`
