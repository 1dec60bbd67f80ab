// Consumers: durable readers of the ledger, with their checkpoints and their lag.
import type { Position } from './eventOrder.ts'
import type { Ledger } from './ledger.ts'

export interface ConsumerState {
  readonly name: string
  /** The last record that it has processed. */
  readonly checkpoint: Position
  /** When the checkpoint last moved. */
  readonly updatedAt: Date
  /** Number of unread records, counted up to `MAX_COUNTED`. */
  readonly lagRecords: number
  /** Age of the first unread record; 0 if all are read. */
  readonly lagSeconds: number
  /** Since when each attempt has failed; null if the last one succeeded. */
  readonly failingSince: Date | null
  /** When an attempt last failed; null if none has. */
  readonly lastErrorAt: Date | null
  /** The error of this attempt, in one line. */
  readonly lastError: string | null
}

/** More records are not counted: that would read millions of index entries. */
export const MAX_COUNTED = 100_000

/**
 * The checkpoint of a consumer, on the current timeline; undefined if the consumer does not exist.
 */
export async function readCheckpoint({ sql }: Ledger, name: string): Promise<Position | undefined> {
  const [position] = await sql.query<Position>`
    SELECT (SELECT max(epoch) FROM jobledger.ledger_timelines) AS epoch, transaction_id AS "transactionId", record_id AS id
    FROM jobledger.consumers WHERE name = ${name}`
  return position
}

/** Creates a consumer with a checkpoint, unless it exists. */
export async function createConsumer({ sql }: Ledger, name: string, at: Position): Promise<void> {
  await sql.execute`
    INSERT INTO jobledger.consumers (name, transaction_id, record_id, updated_at) VALUES (${name}, ${at.transactionId}, ${at.id}, now())
    ON CONFLICT (name) DO NOTHING`
}

/** Moves the checkpoint if it is at `from`. Returns false if it is not. */
export async function moveCheckpoint({ sql }: Ledger, name: string, from: Position, to: Position): Promise<boolean> {
  const moved = await sql.execute`
    UPDATE jobledger.consumers SET transaction_id = ${to.transactionId}, record_id = ${to.id}, updated_at = now()
    WHERE name = ${name} AND transaction_id = ${from.transactionId} AND record_id = ${from.id}`
  return moved === 1
}

/** Stores that an attempt of the consumer has failed, and its error in one line. */
export async function recordConsumerFailure({ sql }: Ledger, name: string, error: string): Promise<void> {
  await sql.execute`
    UPDATE jobledger.consumers
    SET failing_since = coalesce(failing_since, now()), last_error_at = now(), last_error = ${error} WHERE name = ${name}`
}

/** Stores that the consumer works again. */
export async function clearConsumerFailure({ sql }: Ledger, name: string): Promise<void> {
  await sql.execute`
    UPDATE jobledger.consumers SET failing_since = NULL WHERE name = ${name} AND failing_since IS NOT NULL`
}

/** All consumers, ordered by name. Runs one statement. */
export async function listConsumers({ sql }: Ledger): Promise<ConsumerState[]> {
  const rows = await sql.query<Omit<ConsumerState, 'checkpoint'> & Position>`
    SELECT name, (SELECT max(epoch) FROM jobledger.ledger_timelines) AS epoch, transaction_id AS "transactionId", record_id AS id, updated_at AS "updatedAt",
      failing_since AS "failingSince", last_error_at AS "lastErrorAt", last_error AS "lastError", (
      SELECT count(*)::integer FROM (SELECT FROM job_states
        WHERE (job_states.transaction_id, job_states.id) > (consumers.transaction_id, consumers.record_id)
        LIMIT ${MAX_COUNTED}) AS unread
    ) AS "lagRecords", coalesce((
      SELECT greatest(extract(epoch FROM now() - timestamp), 0)::double precision FROM job_states
      WHERE (job_states.transaction_id, job_states.id) > (consumers.transaction_id, consumers.record_id)
      ORDER BY transaction_id, id LIMIT 1
    ), 0) AS "lagSeconds"
    FROM jobledger.consumers ORDER BY name`
  return rows.map(({ epoch, transactionId, id, ...others }) => ({
    ...others,
    checkpoint: { epoch, transactionId, id },
  }))
}
