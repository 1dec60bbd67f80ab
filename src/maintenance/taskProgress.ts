// When a task last ran and where it goes on, kept in the database: for the other replicas, for the next start, and for cron.
import type { PrismaClient } from '../database/generated/client.ts'
import type { Sql } from '../database/rows/sql.ts'

/**
 * Whether a task has never run, has stopped half-way, or last ran longer ago than its period; by the clock of the database. Also if it last
 * ran in the future: the clock was set back.
 */
export async function isTimeFor(sql: Sql, name: string, periodSeconds: number): Promise<boolean> {
  const [row] = await sql.query<{ due: boolean }>`
    SELECT position IS NOT NULL OR last_run_at <= now() - interval '1 second' * ${periodSeconds}::integer
      OR last_run_at > now() + interval '1 minute' AS due
    FROM jobledger.maintenance_tasks WHERE name = ${name}`
  return row?.due ?? true
}

/** The id of the job behind which the task goes on; null: at the beginning. */
export async function positionOf(prisma: PrismaClient, name: string): Promise<string | null> {
  const task = await prisma.maintenanceTask.findUnique({ where: { name } })
  return task?.position ?? null
}

/** Keeps that the task has run just now, and where it goes on. */
export async function saveRun(sql: Sql, name: string, position: string | null): Promise<void> {
  await sql.execute`
    INSERT INTO jobledger.maintenance_tasks (name, last_run_at, position) VALUES (${name}, now(), ${position}::uuid)
    ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at, position = excluded.position`
}
