// Whether a task is due, and its position. Stored in the database, for other replicas, the next
// start, and cron.
import type { PrismaClient } from '../database/generated/client.ts'
import type { Sql } from '../database/rows/sql.ts'

/**
 * Whether a task never ran, failed, stopped before the end, or last ran more than `periodSeconds`
 * ago, by the clock of the database. Also true if its last run is in the future, because the clock
 * was set back.
 */
export async function isTimeFor(sql: Sql, name: string, periodSeconds: number): Promise<boolean> {
  const [row] = await sql.query<{ due: boolean }>`
    SELECT position IS NOT NULL OR last_error_at IS NOT DISTINCT FROM last_run_at
      OR last_run_at <= now() - interval '1 second' * ${periodSeconds}::integer
      OR last_run_at > now() + interval '1 minute' AS due
    FROM jobledger.maintenance_tasks WHERE name = ${name}`
  return row?.due ?? true
}

/** The id of the job after which the task continues. Null: from the start. */
export async function positionOf(prisma: PrismaClient, name: string): Promise<string | null> {
  const task = await prisma.maintenanceTask.findUnique({ where: { name } })
  return task?.position ?? null
}

/** Stores the position where the next run continues, and the time of this one. */
export async function savePosition(sql: Sql, name: string, position: string | null): Promise<void> {
  await sql.execute`
    INSERT INTO jobledger.maintenance_tasks (name, last_run_at, position) VALUES (${name}, now(), ${position}::uuid)
    ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at, position = excluded.position`
}
