// A verifier in Python that was written from docs/ledger-format.md alone makes the same leaves.
import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { RESULT_LEAF, STATE_LEAF } from '../../src/ledger/leaves.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'
import { askPython, withoutPython } from '../support/pythonVerifier.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const JOBS = 2_500
const page = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')

/** Texts of any length and script, and JSON that JavaScript would print in another way. */
const TEXT = `(ARRAY['plain', 'Ünï 💥 ' || n, E'tab\\t quote" \\\\ \\u2028', repeat('ü', n % 300), md5(random()::text)])[1 + floor(random() * 5)]`
const JSON_OBJECT = `(ARRAY['{}', '{"b": 1.10, "a": [1e3, null, true, -0.5]}', '{"big": 12345678901234567890, "9": 1, "10": "\\u00e9"}',
  '{"deep": {"list": [[], {}], "zero": 1.00, "tiny": 1e-7}}']::jsonb[])[1 + floor(random() * 4)] ||
  jsonb_build_object('n', n, md5(random()::text), (random() * 1e20)::numeric, 'text', ${TEXT})`

let ledger: TestLedger
let session: pg.Client

/** PostgreSQL makes the records of these jobs as always: by its triggers. */
async function fill(): Promise<void> {
  await session.query(`
    INSERT INTO jobs (user_id, content, metadata, preset, priority, max_attempts, run_at, state_reason, state_metadata,
      idempotency_key, request_hash)
    SELECT 'user ' || n, ${TEXT}, ${JSON_OBJECT}, CASE WHEN n % 3 > 0 THEN 'preset ' || ${TEXT} END, n % 2001 - 1000, 1 + n % 4,
      now() + n % 5 * interval '1 day 1.234 s', CASE WHEN n % 2 = 0 THEN ${TEXT} END, ${JSON_OBJECT},
      CASE WHEN n % 4 = 0 THEN 'key ' || n END, CASE WHEN n % 4 = 0 THEN sha256(n::text::bytea) END
    FROM generate_series(1, ${JOBS}) AS n`)
  const transition = (to: string, more = '') =>
    session.query(`
      UPDATE jobs SET state = '${to}', version = version + 1, state_actor = 'key:ünï ' || n, state_reason = ${TEXT},
        state_metadata = ${JSON_OBJECT}${more}
      FROM (SELECT id AS job_id, row_number() OVER (ORDER BY id)::int AS n FROM jobs) AS numbered
      WHERE id = job_id AND (state = 'PROCESSING') = ('${to}' <> 'PROCESSING') AND ('${to}' = 'COMPLETED') <= (n % 2 = 0)`)
  await transition('PROCESSING')
  await session.query(`
    INSERT INTO job_results (job_id, status, output, error_message, processing_time_ms)
    SELECT id, (ARRAY['success', 'error']::job_result_status[])[1 + n % 2], CASE WHEN n % 5 > 0 THEN ${JSON_OBJECT} END,
      CASE WHEN n % 2 = 1 THEN ${TEXT} END, CASE WHEN n % 3 > 0 THEN (random() * 1e9)::integer END
    FROM (SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM jobs) AS numbered`)
  await transition('COMPLETED')
  // Most of these get another attempt, at another time.
  await transition('FAILED', `, state_error = ${TEXT}`)
}

const instant = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${column}`

const STATES = `SELECT encode(sha256('\\x00'::bytea || ${STATE_LEAF}), 'hex') AS hash, (SELECT row_to_json(r) FROM (
    SELECT id, transaction_id, job_id, sequence, previous_state, new_state, actor, database_role, ${instant('"timestamp"')},
      previous_state_duration_ms, ${instant('previous_run_at')}, ${instant('run_at')}, salt, reason, error,
      state_metadata::text, CASE WHEN sequence = 1 THEN (SELECT row_to_json(j) FROM (
        SELECT user_id, preset, idempotency_key, request_hash, priority, max_attempts, jobs.salt, content, metadata::text
        FROM jobs WHERE jobs.id = job_states.job_id) AS j) END AS job) AS r)::text AS record
  FROM job_states`
const RESULTS = `SELECT encode(sha256('\\x00'::bytea || ${RESULT_LEAF}), 'hex') AS hash, (SELECT row_to_json(r) FROM (
    SELECT id, transaction_id, job_id, revision, status, processing_time_ms, actor, database_role, ${instant('"timestamp"')},
      salt, output::text, error_message) AS r)::text AS record
  FROM job_result_records`

describe.skipIf(withoutPython('the comparison of leaves with Python'))('leaves in Python', () => {
  beforeAll(async () => {
    ledger = await openTestLedger()
    session = await ledger.session()
  })
  afterAll(() => ledger?.close())

  it('are those of the test vectors', () => {
    const vectors = page.slice(page.indexOf('## Test vectors'))
    const records = [...vectors.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => json)
    const texts = [...vectors.matchAll(/```text\n(.*?)```/gs)].map(([, text = '']) => text)
    const answers = askPython(records.map((record) => ({ ask: 'leaf', record })))
    expect(answers.map(({ ok }) => ok)).toEqual(
      texts.map((text) => {
        const [, data, hash] = /^data(.*)leaf(.*)$/.exec(text.replaceAll(/\s/g, '')) ?? []
        return { data, hash }
      }),
    )
    expect(records.length).toBeGreaterThanOrEqual(2)
  })

  it('agree with those of PostgreSQL for 10,000 random records', async () => {
    await fill()
    type Row = { hash: string; record: string }
    const rows = [...(await session.query<Row>(STATES)).rows, ...(await session.query<Row>(RESULTS)).rows]
    expect(rows.length).toBeGreaterThanOrEqual(10_000)
    const answers = askPython(rows.map(({ record }) => ({ ask: 'leaf', record })))
    const different = rows.filter(({ hash }, at) => (answers[at]?.ok as Row | undefined)?.hash !== hash)
    expect(different.slice(0, 3)).toEqual([])
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(rows.length)
  })
})
