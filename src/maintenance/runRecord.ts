// What operators see of the maintenance tasks: when each ran, what it changed, and why it failed.

import type { Sql } from '../database/rows/sql.ts'
import { failureText } from '../database/service.ts'
import type { TaskOutcome } from './maintenanceTask.ts'

interface FinishedRun {
  readonly task: string
  /** Seconds until the task runs again; undefined if it is not known. */
  readonly nextRunSeconds: number | undefined
}

/** Stores a run that ended without an error. Never rejects: the work is done. */
export async function recordRun(
  sql: Sql,
  { task, nextRunSeconds, counts }: FinishedRun & Pick<TaskOutcome, 'counts'>,
): Promise<void> {
  const changes = Object.entries(counts).filter(([, count]) => count > 0)
  const change = changes.length > 0 ? JSON.stringify(Object.fromEntries(changes)) : null
  await sql.execute`
    INSERT INTO jobledger.maintenance_tasks AS tasks (name, last_run_at, next_run_at, last_change_at, last_change)
    VALUES (${task}, now(), now() + interval '1 second' * ${nextRunSeconds ?? null}::double precision,
      CASE WHEN ${change}::text IS NOT NULL THEN now() END, ${change}::jsonb)
    ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at, next_run_at = excluded.next_run_at,
      last_change_at = coalesce(excluded.last_change_at, tasks.last_change_at),
      last_change = coalesce(excluded.last_change, tasks.last_change)`.catch(() => undefined)
}

/** Stores a run that failed. Never rejects: the caller reports the error. */
export async function recordFailedRun(
  sql: Sql,
  { task, nextRunSeconds, error }: FinishedRun & { readonly error: unknown },
): Promise<void> {
  await sql.execute`
    INSERT INTO jobledger.maintenance_tasks (name, last_run_at, next_run_at, last_error_at, last_error)
    VALUES (${task}, now(), now() + interval '1 second' * ${nextRunSeconds ?? null}::double precision, now(), ${failureText(error)})
    ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at, next_run_at = excluded.next_run_at,
      last_error_at = excluded.last_error_at, last_error = excluded.last_error`.catch(() => undefined)
}
