// The bytes of leaves, written from docs/ledger-format.md and not from the SQL of the server.
import { createHash } from 'node:crypto'
import type { Session } from './history.ts'

type Value = string | Buffer | null

interface Row {
  readonly [column: string]: Value
}

const number = (bits: 32 | 64, value: string): Buffer => {
  const bytes = Buffer.alloc(bits / 8)
  if (bits === 32) bytes.writeInt32BE(Number(value))
  else bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const uuid = (value: string): Buffer => Buffer.from(value.replaceAll('-', ''), 'hex')
const optional = (value: Value | undefined, bytesOf: (text: string) => Buffer = Buffer.from): Buffer => {
  if (value === null || value === undefined) return Buffer.from('ffffffff', 'hex')
  const bytes = typeof value === 'string' ? bytesOf(value) : value
  return Buffer.concat([number(32, String(bytes.length)), bytes])
}
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
const instant = (micros: string): Buffer => number(64, micros)

/** Microseconds since 2000-01-01, as text. */
const micros = (column: string): string =>
  `round((extract(epoch FROM ${column}) - 946684800) * 1000000)::bigint::text AS ${column.replaceAll('"', '')}`

const STATES = `SELECT id::text, transaction_id::text, job_id::text, sequence::text, previous_state::text, new_state::text, actor,
  database_role, ${micros('"timestamp"')}, previous_state_duration_ms::text, ${micros('previous_run_at')}, ${micros('run_at')},
  salt::text, reason, error, state_metadata::text FROM job_states`
const RESULTS = `SELECT id::text, transaction_id::text, job_id::text, revision::text, status::text, processing_time_ms::text, actor,
  database_role, ${micros('"timestamp"')}, salt::text, output::text, error_message FROM job_result_records`
const JOBS = `SELECT id::text, user_id, preset, idempotency_key, request_hash, priority::text, max_attempts::text, salt::text, content,
  metadata::text FROM jobs`

function jobBytes(job: Row): Buffer[] {
  const salt = optional(job.salt, uuid)
  return [
    optional(job.user_id),
    optional(job.preset),
    optional(job.idempotency_key),
    optional(job.request_hash),
    number(32, job.priority as string),
    number(32, job.max_attempts as string),
    sha256(salt, optional(job.content)),
    sha256(salt, optional(job.metadata)),
  ]
}

function stateBytes(row: Row, job: Row): Buffer {
  return Buffer.concat([
    Buffer.from('JLS1'),
    number(64, row.id as string),
    number(64, row.transaction_id as string),
    uuid(row.job_id as string),
    number(32, row.sequence as string),
    optional(row.previous_state),
    optional(row.new_state),
    optional(row.actor),
    optional(row.database_role),
    instant(row.timestamp as string),
    optional(row.previous_state_duration_ms, (text) => number(64, text)),
    optional(row.previous_run_at, instant),
    optional(row.run_at, instant),
    sha256(optional(row.salt, uuid), optional(row.reason), optional(row.error), optional(row.state_metadata)),
    ...(row.sequence === '1' ? jobBytes(job) : []),
  ])
}

function resultBytes(row: Row): Buffer {
  return Buffer.concat([
    Buffer.from('JLR1'),
    number(64, row.id as string),
    number(64, row.transaction_id as string),
    uuid(row.job_id as string),
    number(32, row.revision as string),
    optional(row.status),
    optional(row.processing_time_ms, (text) => number(32, text)),
    optional(row.actor),
    optional(row.database_role),
    instant(row.timestamp as string),
    sha256(optional(row.salt, uuid), optional(row.output), optional(row.error_message)),
  ])
}

/** The data of the leaves of all records, in the order of the tree. */
export async function leafData(session: Session): Promise<Buffer[]> {
  const read = async (sql: string) => (await session.query<Row>(sql)).rows
  const jobs = new Map((await read(JOBS)).map((job) => [job.id, job]))
  const leaves = [
    ...(await read(STATES)).map((row) => ({ row, data: stateBytes(row, jobs.get(row.job_id as string) as Row) })),
    ...(await read(RESULTS)).map((row) => ({ row, data: resultBytes(row) })),
  ]
  const compare = (a: Value | undefined, b: Value | undefined): number =>
    Number(BigInt(a as string) - BigInt(b as string))
  return leaves
    .sort((a, b) => compare(a.row.transaction_id, b.row.transaction_id) || compare(a.row.id, b.row.id))
    .map(({ data }) => data)
}
