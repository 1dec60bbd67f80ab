// Reads the tables directly, without the ledger, and checks every history in them.
import type pg from 'pg'
import { expect } from 'vitest'
import type { JobState } from '../../src/database/generated/client.ts'
import { isLegalTransition } from '../../src/ledger/states.ts'

export interface HistoryRow {
  job_id: string
  sequence: number
  previous_state: JobState | null
  new_state: JobState
  reason: string | null
  error: string | null
  state_metadata: object
  actor: string
  timestamp: Date
  previous_state_duration_ms: string | null
  transaction_id: string
  database_role: string
  previous_run_at: Date | null
  run_at: Date | null
}

export type Session = Pick<pg.Client, 'query'>

/**
 * Every row of the four tables as text. Equal results before and after show that nothing was
 * written.
 */
export async function allRows(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ line: string }>(`
    SELECT line FROM (
      SELECT 'job ' || to_jsonb(j)::text AS line FROM public.jobs j UNION ALL
      SELECT 'record ' || to_jsonb(s)::text FROM public.job_states s UNION ALL
      SELECT 'result ' || to_jsonb(r)::text FROM public.job_results r UNION ALL
      SELECT 'result record ' || to_jsonb(v)::text FROM public.job_result_records v) AS every ORDER BY line COLLATE "C"`)
  return rows.map(({ line }) => line)
}

export async function historyOf(session: Session, jobId: string): Promise<HistoryRow[]> {
  const { rows } = await session.query<HistoryRow>(
    'SELECT * FROM public.job_states WHERE job_id = $1 ORDER BY sequence',
    [jobId],
  )
  return rows
}

/**
 * Asserts that each history is gapless, legal, in order of time, and ends in the state of its job.
 */
export async function expectSoundHistories(session: Session): Promise<void> {
  const { rows: jobs } = await session.query<{
    id: string
    state: JobState
    version: number
    created_at: Date
    deleted_at: Date | null
  }>('SELECT id, state, version, created_at, deleted_at FROM public.jobs')
  const { rows: records } = await session.query<HistoryRow>('SELECT * FROM public.job_states ORDER BY job_id, sequence')
  const byJob = new Map<string, HistoryRow[]>()
  for (const record of records) byJob.set(record.job_id, [...(byJob.get(record.job_id) ?? []), record])
  for (const job of jobs) {
    const history = byJob.get(job.id) ?? []
    expect(history.map(({ sequence }) => sequence)).toEqual(Array.from({ length: job.version }, (_, n) => n + 1))
    expect(history.at(-1)?.new_state).toBe(job.state)
    expect(history[0]).toMatchObject({ previous_state: null, new_state: 'PENDING', timestamp: job.created_at })
    for (const [index, record] of history.entries()) {
      const previous = history[index - 1]
      if (previous) expectSoundStep(previous, record, index === history.length - 1 && job.deleted_at !== null)
    }
  }
  expect(byJob.size).toBe(jobs.length)
}

function expectSoundStep(previous: HistoryRow, record: HistoryRow, deletion: boolean): void {
  expect(record.previous_state).toBe(previous.new_state)
  const legal = deletion ? record.new_state === 'CANCELLED' : isLegalTransition(previous.new_state, record.new_state)
  expect(legal, `${previous.new_state} to ${record.new_state} of job ${record.job_id}`).toBe(true)
  const duration = record.timestamp.getTime() - previous.timestamp.getTime()
  expect(duration).toBeGreaterThanOrEqual(0)
  expect(Number(record.previous_state_duration_ms)).toBe(duration)
}
