// Each CHECK constraint by name. The triggers are disabled here, so only the constraints apply.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/attack.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client
let jobId: string

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  jobId = (await newJob(ledger)).id
})

afterAll(() => ledger.close())

type Columns = Record<string, string>

const HASH = "sha256('key')"

/** Rows that violate no constraint. */
const SOUND: Record<string, () => Columns> = {
  jobs: () => ({
    id: "'0199ed7c-6b2a-7a7b-8a4c-1de3aab2c1f3'",
    user_id: "'user'",
    content: "'content'",
    created_at: "jobledger.uuid_time('0199ed7c-6b2a-7a7b-8a4c-1de3aab2c1f3')",
    updated_at: "'2026-01-01'",
    run_at: "'2026-01-01'",
  }),
  job_states: () => ({
    job_id: `'${jobId}'`,
    sequence: '2',
    previous_state: "'PENDING'",
    new_state: "'PROCESSING'",
    actor: "'actor'",
    timestamp: 'now()',
    previous_state_duration_ms: '0',
    transaction_id: '0',
  }),
  job_results: () => ({ job_id: `'${jobId}'`, status: "'success'" }),
  job_result_records: () => ({
    job_id: `'${jobId}'`,
    revision: '1',
    status: "'success'",
    actor: "'actor'",
    timestamp: 'now()',
    transaction_id: '0',
  }),
  'jobledger.transaction_offsets': () => ({ id: '1', value: '0' }),
  api_keys: () => ({ name: "'name'", key_hash: HASH, roles: "'{USER}'", user_id: "'user'" }),
  'jobledger.seal_origins': () => ({ origin: "'example.com/other'" }),
  'jobledger.checkpoints': () => ({ origin: "'example.com/jobs'", size: '1', root_hash: HASH, signed_note: "'note'" }),
  'jobledger.seal_tiles': () => ({
    level: '0',
    tile: '0',
    hashes: HASH,
    record_ids: "'{1}'",
    transaction_id: '1',
    record_id: '1',
  }),
  'jobledger.consumers': () => ({ name: "'name'", transaction_id: '0', record_id: '0' }),
  'jobledger.maintenance_tasks': () => ({ name: "'name'", last_run_at: "'2026-01-01'" }),
  'jobledger.bulk_actions': () => ({
    action: "'RETRY'",
    actor: "'actor'",
    reason: "'reason'",
    filter: "'{}'",
    matched: '1',
  }),
  'jobledger.refusals': () => ({
    job_id: `'${jobId}'`,
    kind: "'FORBIDDEN'",
    actor: "'actor'",
    timestamp: 'now()',
    message: "'message'",
  }),
}

const at = (year: number) => `'${year}-01-01'`
const [EARLY, LATE, LATER] = [at(2020), at(2027), at(2028)]

/** Each constraint, with changes of a valid row that only it refuses. */
const BROKEN: Record<string, [table: string, ...changes: Columns[]]> = {
  ck_jobs_state_error_is_of_failure: ['jobs', { state_error: "'no disk'" }],
  ck_jobs_instants_have_four_digit_years: ['jobs', { run_at: "'infinity'" }, { run_at: "'10000-01-01'" }],
  ck_api_keys_instants_have_four_digit_years: ['api_keys', { expires_at: "'infinity'" }],
  ck_seal_origins_instants_have_four_digit_years: ['jobledger.seal_origins', { began_at: "'infinity'" }],
  ck_checkpoints_instants_have_four_digit_years: ['jobledger.checkpoints', { sealed_at: "'infinity'" }],
  ck_seal_tiles_hashes: [
    'jobledger.seal_tiles',
    { hashes: "substr(sha256('x'), 2)" },
    { hashes: "sha256('x') || '\\x00'" },
    { hashes: "''" },
  ],
  ck_seal_tiles_records_are_of_leaves: [
    'jobledger.seal_tiles',
    { record_ids: 'NULL' },
    { record_ids: "'{1,2}'" },
    { transaction_id: 'NULL' },
    { record_id: 'NULL' },
    { level: '1' },
  ],
  ck_consumers_instants_have_four_digit_years: ['jobledger.consumers', { updated_at: "'infinity'" }],
  ck_consumers_failure_instants_have_four_digit_years: [
    'jobledger.consumers',
    { failing_since: "'infinity'" },
    { last_error_at: "'infinity'" },
  ],
  ck_maintenance_tasks_instants_have_four_digit_years: ['jobledger.maintenance_tasks', { last_run_at: "'-infinity'" }],
  ck_maintenance_tasks_run_instants_have_four_digit_years: [
    'jobledger.maintenance_tasks',
    { next_run_at: "'infinity'" },
    { last_change_at: "'infinity'" },
    { last_error_at: "'infinity'" },
  ],
  ck_bulk_actions_action: ['jobledger.bulk_actions', { action: "'START'" }, { action: "''" }],
  ck_bulk_actions_state: ['jobledger.bulk_actions', { state: "'PAUSED'", finished_at: LATE }],
  ck_bulk_actions_finished_fits_state: [
    'jobledger.bulk_actions',
    { finished_at: LATE },
    { state: "'COMPLETED'" },
    { state: "'ABORTED'" },
  ],
  ck_bulk_actions_error_is_of_failure: [
    'jobledger.bulk_actions',
    { error: "'no disk'" },
    { state: "'FAILED'", finished_at: LATE },
  ],
  ck_bulk_actions_instants_have_four_digit_years: ['jobledger.bulk_actions', { created_at: "'infinity'" }],
  ck_refusals_kind: ['jobledger.refusals', { kind: "'LATE'" }, { kind: "''" }],
  ck_refusals_times_at_least_1: ['jobledger.refusals', { times: '0' }],
  ck_refusals_timestamp_has_four_digit_year: ['jobledger.refusals', { timestamp: "'infinity'" }],
  ck_api_keys_name_not_empty: ['api_keys', { name: "''" }],
  ck_api_keys_key_hash_is_sha256: ['api_keys', { key_hash: "'jl_key'" }, { key_hash: "''" }],
  ck_api_keys_has_roles: ['api_keys', { roles: "'{}'" }, { roles: 'NULL' }],
  ck_api_keys_user_has_id: [
    'api_keys',
    { user_id: 'NULL' },
    { user_id: "''" },
    { roles: "'{ADMIN,USER}'", user_id: 'NULL' },
  ],
  ck_jobs_id_is_uuid_v7: [
    'jobs',
    { id: "'0199ed7c-6b2a-4a7b-8a4c-1de3aab2c1f3'" },
    { id: "'0199ed7c-6b2a-7a7b-0a4c-1de3aab2c1f3'" },
  ],
  ck_jobs_created_at_is_in_id: ['jobs', { created_at: EARLY }],
  ck_jobs_user_id_not_empty: ['jobs', { user_id: "''" }],
  ck_jobs_state_actor_not_empty: ['jobs', { state_actor: "''" }],
  ck_jobs_version_positive: ['jobs', { version: '0' }, { version: '-1' }],
  ck_jobs_metadata_is_object: [
    'jobs',
    { metadata: "'[]'" },
    { metadata: "'null'" },
    { metadata: "'1'" },
    { metadata: `'"x"'` },
  ],
  ck_jobs_state_metadata_is_object: ['jobs', { state_metadata: "'[]'" }, { state_metadata: "'null'" }],
  ck_jobs_idempotency_complete: ['jobs', { idempotency_key: "'key'" }, { request_hash: "'\\x00'" }],
  ck_jobs_idempotency_key_not_empty: ['jobs', { idempotency_key: "''", request_hash: "'\\x00'" }],
  ck_jobs_times_fit_state: [
    'jobs',
    { started_at: LATE },
    { completed_at: LATE },
    { state: "'PROCESSING'" },
    { state: "'PROCESSING'", started_at: LATE, completed_at: LATE },
    { state: "'COMPLETED'", completed_at: LATE },
    { state: "'COMPLETED'", started_at: LATE },
    { state: "'FAILED'", completed_at: LATE },
    { state: "'FAILED'", started_at: LATE },
    { state: "'CANCELLED'" },
  ],
  ck_jobs_deleted_is_cancelled: [
    'jobs',
    { deleted_at: LATE },
    { state: "'COMPLETED'", started_at: LATE, completed_at: LATE, deleted_at: LATE },
  ],
  ck_jobs_times_in_order: [
    'jobs',
    { updated_at: EARLY },
    { state: "'PROCESSING'", started_at: EARLY },
    { state: "'CANCELLED'", completed_at: EARLY },
    { state: "'COMPLETED'", started_at: LATER, completed_at: LATE },
    { state: "'CANCELLED'", completed_at: LATER, deleted_at: LATE },
  ],
  ck_jobs_run_at_not_before_creation: ['jobs', { run_at: EARLY }, { run_at: "'-infinity'" }],
  ck_jobs_priority_in_range: ['jobs', { priority: '1001' }, { priority: '-1001' }],
  ck_jobs_max_attempts_positive: ['jobs', { max_attempts: '0' }],
  ck_jobs_attempts_add_up: ['jobs', { releases: '1' }, { attempt: '2', releases: '-1' }],
  ck_jobs_lease_is_of_work: ['jobs', { lease_expires_at: LATE }],
  ck_jobs_cancel_request_complete: [
    'jobs',
    { cancel_requested_at: LATE },
    { cancel_requested_by: "'user:ada'" },
    { cancel_reason: "'enough'" },
  ],
  ck_job_states_first_has_no_previous: [
    'job_states',
    { sequence: '1' },
    { sequence: '1', previous_state_duration_ms: 'NULL' },
    { sequence: '1', previous_state: 'NULL' },
    { sequence: '0' },
    { previous_state: 'NULL' },
    { previous_state_duration_ms: '-1' },
  ],
  ck_transaction_offsets_one_row: ['jobledger.transaction_offsets', { id: '2' }],
  ck_job_result_records_revision_positive: ['job_result_records', { revision: '0' }],
  ck_job_results_processing_time_not_negative: ['job_results', { processing_time_ms: '-1' }],
}

function insertUnguarded(table: string, change: Columns): string {
  const row = { ...SOUND[table]?.(), ...change }
  // Removes the only allowed row.
  const room = table === 'jobledger.transaction_offsets' ? `DELETE FROM ${table};` : ''
  return `BEGIN; SET LOCAL session_replication_role = replica; ${room}
    INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.values(row)})`
}

describe('the constraints', () => {
  it.each(Object.keys(SOUND))('let a sound row of %s pass', async (table) => {
    await session.query(insertUnguarded(table, {}))
    await session.query('ROLLBACK')
  })

  it('are the ones tested here', async () => {
    const { rows } = await session.query<{ name: string }>(
      "SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND connamespace::regnamespace::text IN ('public', 'jobledger')",
    )
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(BROKEN).sort())
  })

  for (const [constraint, [table, ...changes]] of Object.entries(BROKEN)) {
    it.each(changes)(`refuse by ${constraint}: %j`, async (change) => {
      await expectRefusal(session, insertUnguarded(table, change), { code: '23514', constraint })
    })
  }
})

describe('a missing value', () => {
  it.each([
    'user_id',
    'content',
    'state',
    'version',
    'state_actor',
    'state_metadata',
    'metadata',
    'created_at',
    'updated_at',
    'priority',
    'run_at',
    'max_attempts',
    'attempt',
    'releases',
  ])('is refused for jobs.%s', async (column) => {
    await expectRefusal(session, insertUnguarded('jobs', { [column]: 'NULL' }), {
      code: '23502',
      message: `null value in column "${column}"`,
    })
  })
})
