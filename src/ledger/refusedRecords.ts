// Records that a sink has refused for good: set aside, so that the records after them are published.
import type { Ledger } from './ledger.ts'

export interface RefusedRecord {
  readonly jobId: string
  /** Within the job. */
  readonly sequence: number
  /** Why the sink refused it. */
  readonly reason: string
  /** When it was set aside. */
  readonly refusedAt: Date
}

/** Refused records of a follower that are listed: the latest ones. */
export const MAX_LISTED = 100

/** Sets records aside. Once more, nothing changes. */
export async function setAside(
  { prisma }: Ledger,
  follower: string,
  refused: readonly Omit<RefusedRecord, 'refusedAt'>[],
): Promise<void> {
  await prisma.refusedRecord.createMany({
    data: refused.map((record) => ({ ...record, followerName: follower })),
    skipDuplicates: true,
  })
}

interface RefusedRow extends RefusedRecord {
  readonly follower: string
}

/** The latest refused records of all followers, by the name of the follower; at most `MAX_LISTED` each. */
export async function listRefusedRecords(
  { prisma }: Ledger,
  followers: readonly string[],
): Promise<Map<string, RefusedRecord[]>> {
  const rows = await prisma.$queryRaw<RefusedRow[]>`
    SELECT name AS follower, refused.* FROM unnest(${[...followers]}::text[]) AS name CROSS JOIN LATERAL (
      SELECT job_id AS "jobId", sequence, reason, refused_at AS "refusedAt" FROM refused_records
      WHERE follower = name ORDER BY refused_at DESC, job_id DESC, sequence DESC LIMIT ${MAX_LISTED}
    ) AS refused`
  const byFollower = new Map<string, RefusedRecord[]>(followers.map((name) => [name, []]))
  for (const { follower, ...record } of rows) byFollower.get(follower)?.push(record)
  return byFollower
}
