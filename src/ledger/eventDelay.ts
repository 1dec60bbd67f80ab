// How long subscriptions and consumers wait for an open transaction, and which one it is. They
// deliver no record of a transaction while an earlier one may still write (eventOrder.ts).
import type { Ledger } from './ledger.ts'

export interface EventDelay {
  /**
   * Age of the oldest committed record that is not delivered yet, in seconds; 0 if all are. The
   * transaction that they wait for has been open for at least as long.
   */
  readonly seconds: number
}

/** An open transaction. */
export interface OpenTransaction {
  /** The process of PostgreSQL; null for a prepared transaction, which has none. */
  readonly pid: number | null
  /** The name of its application, or the id of a prepared transaction. */
  readonly application: string
  /** The database, which may be another one of the same server. */
  readonly database: string
}

/** Runs one statement, which reads one record. */
export async function readEventDelay({ sql }: Ledger): Promise<EventDelay> {
  const [delay] = await sql.query<EventDelay>`
    SELECT coalesce((
      SELECT greatest(extract(epoch FROM now() - timestamp), 0)::double precision FROM job_states
      WHERE transaction_id >= jobledger.visible_xmin() ORDER BY transaction_id, id LIMIT 1
    ), 0) AS seconds`
  return delay ?? { seconds: 0 }
}

/** The transaction that all others wait for; undefined if it has ended meanwhile. */
export async function oldestOpenTransaction({ sql }: Ledger): Promise<OpenTransaction | undefined> {
  const [transaction] = await sql.query<OpenTransaction>`
    SELECT pid, coalesce(application_name, '') AS application, datname::text AS database FROM pg_stat_activity
    WHERE backend_xid = pg_snapshot_xmin(pg_current_snapshot())::xid
    UNION ALL
    SELECT NULL, gid, database::text FROM pg_prepared_xacts
    WHERE transaction = pg_snapshot_xmin(pg_current_snapshot())::xid
    LIMIT 1`
  return transaction
}
