// The leaves of the seal: one for each record of job_states and job_result_records, in the order in
// which consumers read. docs/ledger-format.md specifies their bytes; this file is its SQL. It uses
// functions of PostgreSQL only, none of the ledger's, so that a changed function cannot hide a
// changed record.
import { Prisma } from '../database/generated/client.ts'
import type { OrderKey } from './eventOrder.ts'
import type { Ledger } from './ledger.ts'

/** A record with its leaf. */
export interface Leaf extends OrderKey {
  /** SHA-256 of a zero byte and the data of the leaf: 32 bytes. */
  readonly hash: Buffer
}

/** A nullable value with its length. The database is UTF-8 (checkDatabase.ts). */
const bytes = (value: string): string => `coalesce(int4send(octet_length(${value})) || ${value}, '\\xffffffff'::bytea)`
const text = (value: string): string =>
  `coalesce(int4send(octet_length(${value})) || convert_to(${value}, 'UTF8'), '\\xffffffff'::bytea)`
const json = (column: string): string => text(`${column}::text`)
const hash = (...parts: string[]): string => `sha256(${parts.join(' || ')})`

const JOB = `(SELECT ${[
  text('user_id'),
  text('preset'),
  text('idempotency_key'),
  bytes('request_hash'),
  'int4send(priority)',
  'int4send(max_attempts)',
  hash(bytes('uuid_send(jobs.salt)'), text('content')),
  hash(bytes('uuid_send(jobs.salt)'), json('metadata')),
].join(' || ')} FROM public.jobs WHERE jobs.id = job_states.job_id)`

/** The data of the leaf of a row of job_states. A first record without its job has no data. */
export const STATE_LEAF = [
  "'\\x4a4c5331'::bytea", // JLS1
  'int8send(id)',
  'int8send(transaction_id)',
  'uuid_send(job_id)',
  'int4send(sequence)',
  text('previous_state::text'),
  text('new_state::text'),
  text('actor'),
  text('database_role'),
  'timestamptz_send("timestamp")',
  bytes('int8send(previous_state_duration_ms)'),
  bytes('timestamptz_send(previous_run_at)'),
  bytes('timestamptz_send(run_at)'),
  hash(bytes('uuid_send(salt)'), text('reason'), text('error'), json('state_metadata')),
  `CASE WHEN sequence = 1 THEN ${JOB} ELSE ''::bytea END`,
].join(' || ')

/** The data of the leaf of a row of job_result_records. */
export const RESULT_LEAF = [
  "'\\x4a4c5231'::bytea", // JLR1
  'int8send(id)',
  'int8send(transaction_id)',
  'uuid_send(job_id)',
  'int4send(revision)',
  text('status::text'),
  bytes('int4send(processing_time_ms)'),
  text('actor'),
  text('database_role'),
  'timestamptz_send("timestamp")',
  hash(bytes('uuid_send(salt)'), json('output'), text('error_message')),
].join(' || ')

/** All records with their leaves. PostgreSQL reads them in order by two indexes. */
const RECORDS = Prisma.raw(`(
  SELECT transaction_id, id, ${STATE_LEAF} AS data FROM public.job_states
  UNION ALL
  SELECT transaction_id, id, ${RESULT_LEAF} FROM public.job_result_records
) AS record`)

const LEAF = Prisma.sql`transaction_id AS "transactionId", id, sha256('\\x00'::bytea || data) AS hash`

/** The next leaves after a position, up to the horizon: at most `max`, fewer at its end. */
export async function nextLeaves({ sql }: Ledger, after: OrderKey, max: number): Promise<Leaf[]> {
  const rows = await sql.query<OrderKey & { hash: Uint8Array }>`
    SELECT ${LEAF} FROM ${RECORDS}
    WHERE (transaction_id, id) > (${after.transactionId}, ${after.id}) AND transaction_id < jobledger.visible_xmin()
    ORDER BY transaction_id, id LIMIT ${max}`
  return rows.map(({ hash, ...key }) => ({ ...key, hash: Buffer.from(hash) }))
}
