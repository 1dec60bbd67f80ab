// Numbers of jobs from the roll-up and its tail: exact, because one snapshot sees the sums, how far they go, and what came after.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { isEmpty } from './filterReach.ts'
import { isContradiction, type JobFilter } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { rollUpCtes } from './rollUpTail.ts'

export type StateCounts = ReadonlyMap<JobState, number>

/** Whose jobs the roll-up can be asked about. */
export interface RollUpQuery {
  /** Undefined: those of all users. */
  readonly userId: string | undefined
  readonly includeDeleted: boolean
}

/** The question that a filter comes to, but for its states; undefined if the roll-up cannot answer it. */
export function rollUpQuery({ ownerId, userId, states: _, includeDeleted, metadata, ...others }: JobFilter) {
  if (Object.values(others).some((value) => value != null)) return undefined
  if (metadata != null && !isEmpty(metadata)) return undefined
  // Known without the roll-up.
  if (isContradiction({ ownerId, userId })) return undefined
  const asked = ownerId ?? userId ?? undefined
  // The sums of all users are kept under the empty name, which no user has.
  if (asked === '') return undefined
  return { userId: asked, includeDeleted: includeDeleted ?? false } satisfies RollUpQuery
}

/** How many jobs are in each state; undefined if the roll-up is too far behind. One statement. */
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

// A record takes a job out of one state and into another. Behind the deletion of a job there is no record.
const CHANGES = Prisma.sql`
  SELECT change.state, change.deleted, change.count
  FROM tail CROSS JOIN LATERAL (VALUES
    (new_state, new_state = 'CANCELLED' AND EXISTS (
      SELECT FROM jobs WHERE jobs.id = tail.job_id AND deleted_at IS NOT NULL AND version = tail.sequence), 1),
    (previous_state, false, -1)
  ) AS change (state, deleted, count)`
