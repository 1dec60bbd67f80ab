// Records that a sink has refused permanently. They are set aside so that the publisher can
// continue with the next records.
import type { Ledger } from './ledger.ts'

export interface RefusedRecord {
  readonly jobId: string
  /** The sequence number of the record within its job. */
  readonly sequence: number
  /** Why the sink refused it. */
  readonly reason: string
  /** When it was refused. */
  readonly refusedAt: Date
}

/** Maximum number of refused records that are listed per consumer. */
export const MAX_LISTED = 100

/** Stores refused records. Ignores records that are stored already. */
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

/** The latest refused records by the name of the consumer, at most `MAX_LISTED` each. */
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
