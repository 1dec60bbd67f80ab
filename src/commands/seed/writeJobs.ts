// Writes jobs with past histories. The guards only accept the present, so the owner of the tables
// disables them within one transaction and verifies the histories before the commit.
import type pg from 'pg'
import { findHistoryFaults } from '../../database/historyFaults.ts'
import { minUuidAt } from '../../database/uuid.ts'
import { STATUS_IN_DATABASE } from '../../ledger/jobResult.ts'
import { UsageError } from '../program/usageError.ts'
import type { Random } from './random.ts'
import type { SeedJob, SeedRecord } from './sampleJobs.ts'

const TABLES = ['jobs', 'job_states', 'job_results', 'job_result_records']

/** @throws UsageError for an inconsistent history; then nothing is written */
export async function writeJobs(client: pg.ClientBase, jobs: readonly SeedJob[], random: Random): Promise<void> {
  const rows = jobs.map((job) => ({ job, id: uuidAt(job.createdAt, random) }))
  await client.query('BEGIN')
  try {
    for (const table of TABLES) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
    await insert(
      client,
      'jobs',
      rows.map(({ job, id }) => jobRow(job, id)),
    )
    // Numbered as by the guards.
    const { rows: transaction } = await client.query<{ transaction_id: string }>(
      'SELECT pg_current_xact_id()::text::bigint + value AS transaction_id FROM jobledger.transaction_offsets',
    )
    const records = rows.flatMap(({ job, id }) =>
      job.records.map((_, index) => ({ ...recordRow(job, id, index), ...transaction[0] })),
    )
    // Ordered by time, so that record ids are too.
    await insert(
      client,
      'job_states',
      records.sort((a, b) => a.timestamp.localeCompare(b.timestamp)),
    )
    await insert(
      client,
      'job_results',
      rows.flatMap(({ job, id }) => resultRow(job, id)),
    )
    await insert(
      client,
      'job_result_records',
      rows.flatMap(({ job, id }) => resultRecordRow(job, id).map((record) => ({ ...record, ...transaction[0] }))),
    )
    for (const table of TABLES) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`)
    const [fault] = await findHistoryFaults(client)
    if (fault)
      throw new UsageError(`The history of job ${fault.jobId} is inconsistent at ${fault.sequence}: ${fault.fault}.`)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** Inserts rows by column name; missing columns get their default. */
async function insert(client: pg.ClientBase, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).map((column) => `"${column}"`)
  if (columns.length === 0) return
  await client.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(rows)],
  )
}

function jobRow(job: SeedJob, id: string) {
  const last = job.records.at(-1) as SeedRecord
  const { startedAt, completedAt } = times(job)
  return {
    id,
    user_id: job.userId,
    content: job.content,
    preset: job.preset,
    metadata: job.metadata,
    state: last.state,
    version: job.records.length,
    state_reason: last.reason,
    state_actor: last.actor,
    state_metadata: {},
    state_error: last.error ?? null,
    created_at: instant(job.createdAt),
    updated_at: instant(last.at),
    started_at: startedAt && instant(startedAt),
    completed_at: completedAt && instant(completedAt),
    deleted_at: job.deleted ? instant(last.at) : null,
    run_at: instant(job.createdAt),
    attempt: job.records.filter(({ state }) => state === 'PROCESSING').length,
  }
}

/** As set by the guard. */
function times({ records }: SeedJob): { startedAt: number | null; completedAt: number | null } {
  return records.reduce<{ startedAt: number | null; completedAt: number | null }>(
    ({ startedAt, completedAt }, { state, at }) => {
      if (state === 'PENDING') return { startedAt: null, completedAt: null }
      if (state === 'PROCESSING') return { startedAt: at, completedAt: null }
      return { startedAt, completedAt: completedAt ?? at }
    },
    { startedAt: null, completedAt: null },
  )
}

function recordRow(job: SeedJob, id: string, index: number) {
  const record = job.records[index] as SeedRecord
  const before = job.records[index - 1]
  return {
    job_id: id,
    sequence: index + 1,
    previous_state: before?.state ?? null,
    new_state: record.state,
    reason: record.reason,
    error: record.error ?? null,
    state_metadata: {},
    actor: record.actor,
    timestamp: instant(record.at),
    previous_state_duration_ms: before ? record.at - before.at : null,
  }
}

function resultRow(job: SeedJob, id: string) {
  return resultRecordRow(job, id).map(({ timestamp: at, ...result }) => ({ ...result, created_at: at, updated_at: at }))
}

function resultRecordRow({ result, records }: SeedJob, id: string) {
  if (!result) return []
  return [
    {
      job_id: id,
      revision: 1,
      status: STATUS_IN_DATABASE[result.status],
      output: result.output,
      error_message: result.errorMessage,
      processing_time_ms: result.processingTimeMs,
      actor: records.find(({ at }) => at === result.at)?.actor ?? 'system:seed',
      timestamp: instant(result.at),
    },
  ]
}

function uuidAt(instantMs: number, random: Random): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('')
  const [high, low] = minUuidAt(new Date(instantMs)).split('-')
  return `${high}-${low}-7${digits(3)}-8${digits(3)}-${digits(12)}`
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
