// Records that a sink refused permanently: kept here, so that the records after them are published.
import type { Ledger } from './ledger.ts'

export interface RefusedRecord {
  readonly jobId: string
  /** Within the job. */
  readonly sequence: number
  /** Why the sink refused it. */
  readonly reason: string
  /** When it was refused. */
  readonly refusedAt: Date
}

/** Maximum number of refused records listed for a consumer: the latest ones. */
export const MAX_LISTED = 100

/** Stores refused records. Does nothing for those that are stored already. */
export async function setAside(
  { prisma }: Ledger,
  consumer: string,
  refused: readonly Omit<RefusedRecord, 'refusedAt'>[],
): Promise<void> {
  await prisma.refusedRecord.createMany({
    data: refused.map((record) => ({ ...record, consumerName: consumer })),
    skipDuplicates: true,
  })
}

interface RefusedRow extends RefusedRecord {
  readonly consumer: string
}

/** The latest refused records of all consumers, by consumer; at most `MAX_LISTED` each. */
export async function listRefusedRecords(
  { sql }: Ledger,
  consumers: readonly string[],
): Promise<Map<string, RefusedRecord[]>> {
  const rows = await sql.query<RefusedRow>`
    SELECT name AS consumer, refused.* FROM unnest(${[...consumers]}::text[]) AS name CROSS JOIN LATERAL (
      SELECT job_id AS "jobId", sequence, reason, refused_at AS "refusedAt" FROM jobledger.refused_records
      WHERE consumer = name ORDER BY refused_at DESC, job_id DESC, sequence DESC LIMIT ${MAX_LISTED}
    ) AS refused`
  const byConsumer = new Map<string, RefusedRecord[]>(consumers.map((name) => [name, []]))
  for (const { consumer, ...record } of rows) byConsumer.get(consumer)?.push(record)
  return byConsumer
}
