// What jobFilter.ts says to Prisma, as SQL, for statements that Prisma has no words for. Deleted jobs are another matter here: whoever asks says
// whether they count.
import { Prisma } from '../database/generated/client.ts'
import { leastUuidAt } from '../database/uuid.ts'
import type { JobFilter } from './jobFilter.ts'

/** Of the table `jobs`; the filter was checked. `includeDeleted` is left out of account. */
export function jobConditionSql(filter: JobFilter): Prisma.Sql {
  const { ownerId, userId, states, presets, createdAfter, createdBefore, completedAfter, completedBefore, metadata } =
    filter
  const conditions: (Prisma.Sql | false)[] = [
    Prisma.sql`true`,
    ownerId !== undefined && Prisma.sql`jobs.user_id = ${ownerId}`,
    userId != null && Prisma.sql`jobs.user_id = ${userId}`,
    states != null && Prisma.sql`jobs.state = ANY (${states}::text[]::job_state[])`,
    presets != null && Prisma.sql`jobs.preset = ANY (${presets}::text[])`,
    createdAfter != null && Prisma.sql`jobs.id >= ${leastUuidAt(createdAfter)}::uuid`,
    createdBefore != null && Prisma.sql`jobs.id < ${leastUuidAt(createdBefore)}::uuid`,
    completedAfter != null && Prisma.sql`jobs.completed_at >= ${completedAfter}`,
    completedBefore != null && Prisma.sql`jobs.completed_at < ${completedBefore}`,
    metadata != null && Prisma.sql`jobs.metadata @> ${JSON.stringify(metadata)}::jsonb`,
  ]
  return Prisma.join(
    conditions.filter((condition) => condition !== false),
    ' AND ',
  )
}
