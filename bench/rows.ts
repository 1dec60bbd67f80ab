// The rows of the data set as SQL over numbers. Job n is the same for each table, so the tables can
// be filled separately. Pseudo-random values come from the digits of md5(n). $1 and $2 are the
// first and the last n.
import { LIFE_COLUMNS, livesAsValues } from './lives.ts'

const USERS = 1000
/** The user with the most jobs (a tenth of them), and a user with few (3 of 10,000). */
export const BUSY_USER = 'user-0'
export const QUIET_USER = `user-${USERS - 1}`
/** The preset of more than half of the jobs, and that of 1 of 10,000. */
export const USUAL_PRESET = 'invoice-pdf'
export const RARE_PRESET = 'yearly-report'
/** Number of consecutive jobs with the same batch in their metadata. */
export const BATCH_SIZE = 1000

/** Period in which the jobs were created, and the age of the last one. */
const SPAN_MS = 30 * 86_400_000
const END_MS = 3_600_000

export interface DataSet {
  /** Number of jobs. */
  readonly size: number
  /** Number of jobs with records and results, the latest ones. Default: all. */
  readonly withHistory?: number
  /** The time of creation of the data set, in milliseconds. */
  readonly nowMs: number
}

/** A number from 0 up to 1 from six digits of `digits`, starting at `from`. */
function chance(from: number): string {
  return `('x' || substr(digits, ${from}, 6))::bit(24)::integer / 16777216.0::double precision`
}

/** One row for each job, with the values for the three tables. */
function facts({ size, nowMs }: DataSet): string {
  const first = nowMs - END_MS - SPAN_MS
  return `
  WITH lives (${LIFE_COLUMNS}) AS (VALUES ${livesAsValues()}), numbers AS (
    SELECT n, md5(n::text) AS digits, ${first}::bigint + (n * ${SPAN_MS}::bigint) / ${size} AS born_ms
    FROM generate_series($1::bigint, $2::bigint) AS n
  ), facts AS (
    SELECT numbers.*, lives.*, cardinality(states) AS version,
      (lpad(to_hex(born_ms), 12, '0') || '7' || substr(digits, 1, 3) || 'a' || substr(digits, 4, 15))::uuid AS id,
      (lpad(to_hex(born_ms), 12, '0') || '7' || substr(digits, 8, 3) || 'b' || substr(digits, 12, 15))::uuid AS result_id,
      to_timestamp(born_ms / 1000.0) AS born,
      interval '1 millisecond' * (500 + floor(60000 * power(${chance(26)}, 3))) AS step,
      'user-' || floor(${USERS} * power(${chance(20)}, 3)) AS user_id,
      'key:worker-' || n % 7 AS worker
    FROM numbers JOIN lives ON lives.life = n * 37 % 100
  )`
}

/** Actor and reason of the transition at `position`. */
function authorAt(position: string): { actor: string; reason: string } {
  const state = `states[${position}]`
  return {
    actor: `CASE WHEN ${position} = 1 OR ${state} = 'CANCELLED' THEN 'user:' || user_id ELSE worker END`,
    reason: `CASE ${state} WHEN 'PROCESSING' THEN 'claimed by ' || worker WHEN 'FAILED' THEN 'error' WHEN 'CANCELLED' THEN 'not needed any more' END`,
  }
}

/** Time of the record at `position`. */
function instantAt(position: string): string {
  return `born + (${position} - 1) * step`
}

export function jobRows(dataSet: DataSet): string {
  const { actor, reason } = authorAt('version')
  return `
  INSERT INTO jobs (id, user_id, content, preset, state, version, state_reason, state_actor, metadata, created_at, updated_at,
    started_at, completed_at, deleted_at, idempotency_key, request_hash, run_at, attempt, releases, lease_expires_at)
  ${facts(dataSet)}
  SELECT id, user_id, 's3://uploads/' || user_id || '/clip-' || n || '.mov',
    CASE WHEN n % 10000 = 7 THEN '${RARE_PRESET}' ELSE (ARRAY['${USUAL_PRESET}', '${USUAL_PRESET}', '${USUAL_PRESET}', '${USUAL_PRESET}',
      'thumbnails', 'import-orders', 'transcode-1080p', NULL])[1 + (n * 31 / 10) % 8] END,
    states[version], version, ${reason}, ${actor},
    jsonb_build_object('source', (ARRAY['web', 'api', 'cron'])[1 + n % 3], 'batch', n / ${BATCH_SIZE}),
    born, ${instantAt('version')}, ${instantAt('started_position')}, ${instantAt('completed_position')},
    CASE WHEN is_deleted THEN ${instantAt('version')} END,
    CASE WHEN n % 4 = 0 THEN 'order-' || n END, CASE WHEN n % 4 = 0 THEN decode(digits || digits, 'hex') END,
    born, attempts, releases, CASE WHEN states[version] = 'PROCESSING' THEN ${instantAt('version')} + interval '1 minute' END
  FROM facts`
}

export function recordRows(dataSet: DataSet): string {
  const { actor, reason } = authorAt('position')
  return `
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, actor, "timestamp", previous_state_duration_ms, transaction_id)
  ${facts(dataSet)}
  SELECT id, position, states[position - 1], states[position], ${reason}, ${actor}, ${instantAt('position')},
    CASE WHEN position > 1 THEN extract(epoch FROM step) * 1000 END, pg_current_xact_id()::text::bigint
  FROM facts CROSS JOIN LATERAL generate_series(1, version) AS position`
}

export function resultRows(dataSet: DataSet): string {
  return `
  INSERT INTO job_results (id, created_at, updated_at, ${RESULT_COLUMNS})
  ${facts(dataSet)}
  SELECT result_id, ${instantAt('version')}, ${instantAt('version')}, ${resultValues()}`
}

export function resultRecordRows(dataSet: DataSet): string {
  return `
  INSERT INTO job_result_records (revision, "timestamp", transaction_id, ${RESULT_COLUMNS})
  ${facts(dataSet)}
  SELECT 1, ${instantAt('version')}, pg_current_xact_id()::text::bigint, ${resultValues()}`
}

const RESULT_COLUMNS = 'job_id, actor, status, output, error_message, processing_time_ms'

function resultValues(): string {
  return `id, worker, CASE WHEN 'COMPLETED' = ANY (states) THEN 'success' WHEN n % 10 = 0 THEN 'timeout' ELSE 'error' END::job_result_status,
    CASE WHEN 'COMPLETED' = ANY (states) THEN jsonb_build_object('pages', 1 + n % 6, 'bytes', 40000 + n % 860000) END,
    CASE WHEN NOT 'COMPLETED' = ANY (states) THEN 'The address of the customer is missing.' END,
    extract(epoch FROM step) * 1000
  FROM facts WHERE 'COMPLETED' = ANY (states) OR 'FAILED' = ANY (states)`
}
